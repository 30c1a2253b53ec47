package onlambda

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/setup"
)

// TestMetrics holds the lines that CloudWatch makes metrics of, and that two
// installations, and two series of runs, have metrics of their own.
func TestMetrics(t *testing.T) {
	for name, test := range map[string]struct{ stack, scope, want string }{
		"of a run": {"posture", "gcp", `{"A":1,"B":0.5,"Scope":"gcp","Stack":"posture","_aws":{"CloudWatchMetrics":[` +
			`{"Namespace":"Posture","Dimensions":[["Scope","Stack"]],"Metrics":[{"Name":"A"},{"Name":"B"}]}],"Timestamp":1700000000000}}`},
		"of the queue": {"posture", "", `{"A":1,"B":0.5,"Stack":"posture","_aws":{"CloudWatchMetrics":[` +
			`{"Namespace":"Posture","Dimensions":[["Stack"]],"Metrics":[{"Name":"A"},{"Name":"B"}]}],"Timestamp":1700000000000}}`},
		"without a stack": {"", "", `{"A":1,"B":0.5,"_aws":{"CloudWatchMetrics":[` +
			`{"Namespace":"Posture","Dimensions":[[]],"Metrics":[{"Name":"A"},{"Name":"B"}]}],"Timestamp":1700000000000}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(stackVariable, test.stack)
			var line strings.Builder
			err := writeMetrics(&line, time.UnixMilli(1700000000000), setup.Metrics{Scope: test.scope, Values: map[string]float64{"B": 0.5, "A": 1}})
			if diff := cmp.Diff(test.want+"\n", line.String()); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}
