package goldentest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"posture/internal/goldentest"
)

// failures is a test that notes its errors.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(_ string, args ...any) { f.said = append(f.said, args[1].(string)) }

func TestCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "golden")
	f := &failures{TB: t}
	goldentest.Compare(f, true, file, "as it was")
	goldentest.Compare(f, false, file, []byte("as it was"))
	if len(f.said) > 0 {
		t.Errorf("the same differs: %q", f.said)
	}
	goldentest.Compare(f, false, file, "as it is")
	if len(f.said) != 1 || !strings.Contains(f.said[0], "as it is") {
		t.Errorf("said %q of what differs", f.said)
	}
}
