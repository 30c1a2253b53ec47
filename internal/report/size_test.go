package report_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/report"
)

// many yields failing findings, which are made one after the other, and calls
// look now and then.
func many(n int, look func()) report.Findings {
	f := reportOf(nil)
	f.Items = func(yield func(posture.Finding, error) bool) {
		for i := range n {
			one := finding(fmt.Sprintf("customer-data-%016x", i*7919), posture.Fail)
			one.Evidence = []posture.Value{{Path: "resource.versioning", Value: false}}
			one.Sentence = "Bucket " + one.Name + " does not keep earlier versions of its objects."
			one.Command = "aws s3api put-bucket-versioning --bucket " + one.Name + " --versioning-configuration Status=Enabled"
			if i%5000 == 0 {
				look()
			}
			if !yield(one, nil) {
				return
			}
		}
	}
	return f
}

// looking looks at every tenth write.
type looking struct {
	look   func()
	writes int
}

func (l *looking) Write(p []byte) (int, error) {
	if l.writes++; l.writes%10 == 1 {
		l.look()
	}
	return len(p), nil
}

// alive returns how many bytes are alive at most while so many findings are
// written as a table.
func alive(t *testing.T, n int) int {
	t.Helper()
	var peak uint64
	look := func() {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	if err := many(n, look).Write(&looking{look: look}, "table"); err != nil {
		t.Fatal(err)
	}
	return int(peak)
}

// TestTableSize holds that a table of very many findings is not held as such: a
// row more takes less than it has letters.
func TestTableSize(t *testing.T) {
	const some, more = 40_000, 80_000
	atSome, atMore := alive(t, some), alive(t, more)
	t.Logf("%d rows: %d KB alive; %d rows: %d KB", some, atSome>>10, more, atMore>>10)
	if each := (atMore - atSome) / (more - some); each > 40 || atMore > 64<<20 {
		t.Errorf("%d MB alive, %d bytes more for each row more; want at most 64 and 40", atMore>>20, each)
	}
}

// TestLongTable holds that no row of a long table is lost, that they are in order
// and that one column begins in one place all the way down.
func TestLongTable(t *testing.T) {
	var findings []posture.Finding
	var want []string
	for i := range 2500 {
		one := finding(fmt.Sprintf("b%04d", i), posture.Fail)
		if i == 2000 { // the widest is far from the first
			one.Region = "somewhere-far-away-1"
		}
		findings = append(findings, one)
		want = append(want, fmt.Sprintf("high      fail    aws-s3-versioning  %-20s  b%04d", one.Region, i))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
	want = slices.Concat([]string{"severity  status  rule               region                resource  because"}, want, []string{""})
	got := strings.Split(string(written(t, reportOf(findings), "table")), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkTable writes a table of a hundred thousand findings.
func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		if err := many(100_000, func() {}).Write(io.Discard, "table"); err != nil {
			b.Fatal(err)
		}
	}
}
