package services

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"posture/rules"
)

// maxFilterPattern is how many characters CloudWatch Logs takes.
const maxFilterPattern = 1024

// TestFixesSetOffAlarms: the filter pattern that a rule gives people matches
// all that the rule asks for, as this scanner reads it.
func TestFixesSetOffAlarms(t *testing.T) {
	files, err := fs.Glob(rules.Clouds()[0].Files, "aws/aws-alarm-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no rule for alarms", err)
	}
	kinds := auditKinds(&AuditAlarms{})
	for _, file := range files {
		text, err := fs.ReadFile(rules.Clouds()[0].Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "AWS::CloudWatch::AuditAlarms") {
			continue
		}
		given := regexp.MustCompile(`--filter-pattern '([^']*)'`).FindSubmatch(text)
		if given == nil || len(given[1]) > maxFilterPattern {
			t.Errorf("%s: no filter pattern, or too long a one", file)
			continue
		}
		matches, err := parsePattern(string(given[1]))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, asked := range regexp.MustCompile(`resource\.(\w+)`).FindAllSubmatch(text, -1) {
			i := slices.IndexFunc(kinds, func(k auditKind) bool { return k.field == string(asked[1]) })
			if string(asked[1]) == "delivery" {
				continue // of the log group, not of a kind of event
			}
			if i < 0 || !kinds[i].covered([]pattern{matches}) {
				t.Errorf("%s: the pattern does not cover %s", file, asked[1])
			}
		}
	}
}
