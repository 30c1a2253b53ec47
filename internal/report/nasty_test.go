package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"posture/internal/nasty"
	"posture/internal/posture"
	"posture/internal/report"
)

// nastyFinding is a finding in which strangers chose everything that they may
// choose.
func nastyFinding(text string) posture.Finding {
	f := finding(text, posture.Fail)
	f.Owner = text
	f.Evidence = []posture.Value{{Path: "resource.name", Value: text}, {Path: "resource.tags", Value: map[string]any{text: text}}}
	return f
}

// TestNastyNames holds that no name does anything but be read, in any format:
// nothing but line feeds of ours is a control or an invisible character.
func TestNastyNames(t *testing.T) {
	for _, name := range nasty.Names() {
		for _, format := range report.Formats() {
			text := string(written(t, reportOf([]posture.Finding{nastyFinding(name.Text)}), format))
			for _, r := range text {
				if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
					t.Errorf("%s as %s: %U is in the output", name.Label, format, r)
					break
				}
			}
		}
	}
}

// TestNastyLines holds that no name begins a line or a record of its own.
func TestNastyLines(t *testing.T) {
	for format, want := range map[string]int{"table": 2, "json": 3, "ndjson": 1, "csv": 2, "ocsf": 1} {
		for _, name := range nasty.Names() {
			text := written(t, reportOf([]posture.Finding{nastyFinding(name.Text)}), format)
			if got := bytes.Count(text, []byte("\n")); got != want {
				t.Errorf("%s as %s: got %d lines, want %d", name.Label, format, got, want)
			}
		}
	}
}

// TestNastyTables holds that names do not make tables as wide as they like.
func TestNastyTables(t *testing.T) {
	for _, name := range nasty.Names() {
		for line := range strings.Lines(string(written(t, reportOf([]posture.Finding{nastyFinding(name.Text)}), "table"))) {
			if n := len([]rune(line)); n > 1000 {
				t.Errorf("%s: a line of %d characters", name.Label, n)
			}
		}
	}
}

// TestNastyCells holds that no cell is a formula, in any spreadsheet.
func TestNastyCells(t *testing.T) {
	for _, name := range nasty.Names() {
		text := written(t, reportOf([]posture.Finding{nastyFinding(name.Text)}), "csv")
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name.Label, err)
		}
		for _, cell := range rows[1] {
			if strings.ContainsAny(first(cell), "=+-@\t\r\n＝＋－＠") {
				t.Errorf("%s: cell %.40q begins a formula", name.Label, cell)
			}
		}
	}
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// read is a finding as programs read it back.
type read struct {
	posture.Finding
	Title    string           `json:"title"`
	Severity posture.Severity `json:"severity"`
	Category posture.Category `json:"category"`
	SOC2     []string         `json:"soc2"`
	Fix      string           `json:"fix"`
}

func asRead(f posture.Finding) read {
	rule := rules()[f.Rule]
	return read{f, rule.Title, rule.Severity, rule.Category, rule.SOC2, rule.Fix.Note}
}

// TestRoundTrip holds that programs read in JSON what was found, names and all.
func TestRoundTrip(t *testing.T) {
	findings := sample()
	for _, name := range nasty.Names() {
		findings = append(findings, nastyFinding(strings.ToValidUTF8(name.Text, "\ufffd")))
	}
	var want []read
	for _, f := range findings {
		want = append(want, asRead(f))
	}
	var document struct {
		Run, Tool string
		Findings  []read
	}
	if err := json.Unmarshal(written(t, reportOf(findings), "json"), &document); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, document.Findings); diff != "" {
		t.Errorf("json: %s", diff)
	}
	var lines []read
	decoder := json.NewDecoder(bytes.NewReader(written(t, reportOf(findings), "ndjson")))
	for decoder.More() {
		var one read
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, one)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("ndjson: %s", diff)
	}
}

// TestTable holds that cells of any table are inert.
func TestTable(t *testing.T) {
	for _, name := range nasty.Names() {
		table := report.NewTable("name", "n")
		table.Add(name.Text, "1")
		var out bytes.Buffer
		if err := table.Write(&out); err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(out.Bytes(), []byte("\n")); got != 2 || bytes.ContainsAny(out.Bytes(), "\x1b\x07\x00\r\t") || table.Len() != 1 {
			t.Errorf("%s: %q", name.Label, out.String())
		}
	}
}
