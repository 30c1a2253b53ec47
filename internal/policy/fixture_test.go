package policy

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"posture/internal/posture"
)

// bucket is a document with a field of every kind.
type bucket struct {
	Versioning bool              `json:"versioning"`
	Days       int               `json:"days"`
	Ratio      float64           `json:"ratio"`
	Owner      string            `json:"owner"`
	Created    time.Time         `json:"created"`
	Policy     bucketPolicy      `json:"policy"`
	Grants     []string          `json:"grants"`
	Labels     map[string]string `json:"labels"`
	Statements []statement       `json:"statements"`
}

type bucketPolicy struct {
	TLS    bool `json:"tls"`
	Public bool `json:"public"`
}

type statement struct {
	Effect  string   `json:"effect"`
	Actions []string `json:"actions"`
}

type key struct {
	Rotation bool `json:"rotation"`
}

const testCriteria = `
criteria:
- {id: CC6.1, category: Security, series: CC6, summary: s, automatable: partial, why: w, rules: {encryption: direct, iam: direct}, still_manual: m}
- {id: CC6.7, category: Security, series: CC6, summary: s, automatable: full, why: w, rules: {encryption: direct, network: direct}, still_manual: m}
- {id: A1.2, category: Availability, series: A1, summary: s, automatable: partial, why: w, rules: {backup: direct}, still_manual: m}
- {id: C1.1, category: Confidentiality, series: C1, summary: s, automatable: partial, why: w, rules: {encryption: direct}, still_manual: m}
- {id: CC1.3, category: Security, series: CC1, summary: s, automatable: manual, why: w}
families:
- {id: tls, name: TLS, asks: a, categories: [encryption], criteria: {CC6.7: in transit, CC6.1: access}}
`

func testOptions(tb testing.TB, files map[string]string) Options {
	tb.Helper()
	criteria, err := LoadCriteria(fstest.MapFS{
		"soc2.yaml": {Data: []byte(testCriteria)}, "crosswalk.yaml": {Data: []byte("- {id: A1.2, controls: {ISO: {low: [X]}}}")},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return Options{
		Docs:  map[string]any{"AWS::S3::Bucket": bucket{}, "AWS::KMS::Key": key{}},
		Files: []fs.FS{tree(files)}, Criteria: criteria,
	}
}

// tree returns files in memory.
func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// ruleText returns a good rule file with that expression on the bucket.
func ruleText(id, require string, more ...string) string {
	return fmt.Sprintf(`id: %s
title: A title
resource: AWS::S3::Bucket
category: encryption
severity: high
soc2: [CC6.1]
why: Because.
require: |
  %s
fix: Mend it.
pass: [{name: good, given: {}}]
fail: [{name: bad, given: {}}]
%s`, id, strings.ReplaceAll(require, "\n", "\n  "), strings.Join(more, "\n"))
}

// loadRules loads rules by id and expression.
func loadRules(tb testing.TB, expressions map[string]string) *Policy {
	tb.Helper()
	files := map[string]string{}
	for id, require := range expressions {
		files[id+".yaml"] = ruleText(id, require)
	}
	p, err := Load(testOptions(tb, files))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// loadError returns what loading one file refuses.
func loadError(tb testing.TB, opts Options) string {
	tb.Helper()
	_, err := Load(opts)
	if err == nil {
		tb.Fatal("loaded: expected a refusal")
	}
	return err.Error()
}

// judgeOne returns the finding of the only rule.
func judgeOne(tb testing.TB, p *Policy, r posture.Resource) posture.Finding {
	tb.Helper()
	findings, err := p.Judge(r, exampleTime())
	if err != nil {
		tb.Fatal(err)
	}
	if len(findings) != 1 {
		tb.Fatalf("got %d findings, want 1", len(findings))
	}
	return findings[0]
}

// resource returns a bucket with the document, unread fields and tags.
func resource(doc bucket, unread ...string) posture.Resource {
	r := posture.Resource{
		Provider: posture.AWS, Account: "111122223333", Region: "eu-central-1", Type: "AWS::S3::Bucket",
		ID: "arn:aws:s3:::b", Name: "b", Doc: doc, Tags: map[string]string{"team": "red"},
	}
	for _, field := range unread {
		r.Unread = append(r.Unread, posture.Unread{Field: field, Cause: denied})
	}
	return r
}

var denied = posture.Cause{Reason: posture.Denied, Operation: "s3:Get", Code: "AccessDenied", Permission: "s3:Get"}
