package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"posture/internal/nasty"
	"posture/internal/posture"
	"posture/internal/pythontest"
)

// models reads a Compliance Finding per line into the public models of OCSF,
// and refuses a member that these do not have, at any depth.
const models = `
import json, sys
from pydantic import BaseModel
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

def unknown(given, model, at=""):
    if isinstance(model, BaseModel) and isinstance(given, dict):
        for key, value in given.items():
            if key not in type(model).model_fields:
                yield at + key
            else:
                yield from unknown(value, getattr(model, key), at + key + ".")
    elif isinstance(given, list):
        for g, m in zip(given, model):
            yield from unknown(g, m, at)

for line in sys.stdin:
    given = json.loads(line)
    cloud = given.pop("cloud")  # of the profile "cloud"
    account = cloud["account"]
    assert given["compliance"].pop("status") in ("Pass", "Warning", "Fail")  # in OCSF, not in the models
    assert cloud["provider"] and account["uid"] and account["type_id"] in (10, 11, 13), cloud
    extra = list(unknown(given, ComplianceFinding(**given)))
    assert not extra, extra
    print("ok")
`

// TestOCSF holds that our lines are Compliance Findings by OCSF's models.
func TestOCSF(t *testing.T) {
	python, err := pythontest.Find("python", "POSTURE_PYTHON")
	if err != nil {
		t.Fatal(err)
	}
	lines := written(t, reportOf(withNasty()), "ocsf")
	check := func(text []byte) (string, error) {
		run := exec.CommandContext(t.Context(), python, "-c", models)
		run.Stdin = bytes.NewReader(text)
		out, err := run.CombinedOutput()
		return string(out), err
	}
	if out, err := check(lines); err != nil || strings.Count(out, "ok\n") != len(withNasty()) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, wrong := range [][2]string{{`"type_uid":200301`, `"type_uid":200398`}, {`"control":`, `"kontrol":`}, {`"uid":"arn`, `"id":"arn`}} {
		if out, err := check(bytes.Replace(lines, []byte(wrong[0]), []byte(wrong[1]), 1)); err == nil {
			t.Errorf("the models take %s: %s", wrong[1], out)
		}
	}
}

// withNasty returns the sample, and findings that strangers named.
func withNasty() []posture.Finding {
	findings := sample()
	for _, name := range nasty.Names() {
		findings = append(findings, nastyFinding(name.Text))
	}
	return findings
}

// TestJUnit reads our XML as readers of JUnit's do: each finding is a case, and
// what fails is a failure, what is unknown or exempted is skipped.
func TestJUnit(t *testing.T) {
	var suites struct {
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Class   string    `xml:"classname,attr"`
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	findings := withNasty()
	if err := xml.Unmarshal(written(t, reportOf(findings), "junit"), &suites); err != nil {
		t.Fatal(err)
	}
	if len(suites.Suites) != 1 || len(suites.Suites[0].Cases) != len(findings) {
		t.Fatalf("got %d suites; want one, of %d cases", len(suites.Suites), len(findings))
	}
	for i, got := range suites.Suites[0].Cases {
		finding := findings[i]
		failed := finding.Status == posture.Fail && !finding.Exemption.Live()
		skipped := finding.Status == posture.Unknown || finding.Exemption.Live()
		if got.Class != finding.Rule || got.Failure != nil != failed || got.Skipped != nil != skipped {
			t.Errorf("%s: failure %v, skipped %v", finding.Resource, got.Failure != nil, got.Skipped != nil)
		}
	}
}

// TestMarkdownInert holds that no name is markup, a link, a mention or a row of
// its own in a summary.
func TestMarkdownInert(t *testing.T) {
	names := []string{"a|b", "[x](https://example.com)", "<img src=x>", "@everyone", "#1", "`code`", "https://example.com", "www.example.com", "&lt;b>", "*b*"}
	for _, name := range nasty.Names() {
		names = append(names, name.Text)
	}
	for _, name := range names {
		one := nastyFinding(name)
		one.Command = "aws s3 ls " + name
		text := string(written(t, reportOf([]posture.Finding{one}), "markdown"))
		rows := strings.Split(strings.TrimSpace(text), "\n")
		row := rows[len(rows)-1]
		if strings.Count(row, "|") != 6 {
			t.Errorf("%q: the row has other cells: %s", name, row)
		}
		own := strings.NewReplacer("<br>", "", "<code>", "", "</code>", "").Replace(strings.Trim(row, "| "))
		if strings.ContainsAny(strings.ReplaceAll(own, " | ", ""), "[]`*<>@") || strings.Contains(own, "://") || strings.Contains(own, "www.") {
			t.Errorf("%q is markup in %s", name, row)
		}
	}
}

// TestMarkdownLength holds that a summary of very many findings stays short
// enough for a comment, names the worst, and says how many there are.
func TestMarkdownLength(t *testing.T) {
	var findings []posture.Finding
	for i := range 2000 {
		findings = append(findings, finding(fmt.Sprintf("bucket-%04d", i), posture.Fail))
	}
	worst := sample()[5]
	text := string(written(t, reportOf(append(slices.Clone(findings), worst)), "markdown"))
	for _, want := range []string{"1 critical, 2000 high failing", "| critical | Volumes", "1951 more fail"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	for i := range findings { // what is exempted does not crowd out what is not
		findings[i].Exemption = &posture.Exemption{ID: "EX-1", Expires: "2099-01-01"}
	}
	late := finding("zone", posture.Fail)
	if all := string(written(t, reportOf(append(findings, late)), "markdown")); !strings.Contains(all, "zone") || strings.Contains(all, "more fail") {
		t.Errorf("exempted findings hide the one that is not:\n%s", all)
	}
	if len(text) > 65_000 {
		t.Errorf("%d bytes", len(text))
	}
}
