package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"posture/internal/lambdatest"
)

// BenchmarkStart measures how long the functions take from the start of the
// process to the first call of the Runtime API, in milliseconds.
func BenchmarkStart(b *testing.B) {
	for _, function := range []string{"plan", "scan-aws"} {
		b.Run(function, func(b *testing.B) {
			program, err := filepath.Abs(filepath.Join(programs, function))
			if err != nil {
				b.Fatal(err)
			}
			env := append(environment("http://127.0.0.1:1"), "POSTURE_STORE=s3://none") // nobody listens there
			var start time.Duration
			for b.Loop() {
				start += lambdatest.Invoke(b, program, env, map[string]any{}, time.Minute).Start
			}
			b.ReportMetric(float64(start.Microseconds())/1000/float64(b.N), "ms/start")
		})
	}
}
