package report

import (
	"bufio"
	"io"
	"maps"
	"slices"
	"time"

	"posture/internal/escape"
	"posture/internal/posture"
)

// The parts of SARIF 2.1.0 that findings need.
type sarifRule struct {
	ID         string          `json:"id"`
	Short      sarifText       `json:"shortDescription"`
	Full       sarifText       `json:"fullDescription"`
	Help       sarifHelp       `json:"help"`
	HelpURI    string          `json:"helpUri,omitempty"`
	Default    sarifLevel      `json:"defaultConfiguration"`
	Properties sarifProperties `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

// helpOn returns how to fix what fails by a rule, for readers of text and for
// those of Markdown.
func helpOn(fix posture.Fix) sarifHelp {
	help := sarifHelp{escape.Lines(fix.Note), escape.Lines(fix.Note)}
	for _, block := range []struct{ heading, language, code string }{{"Command", "sh", fix.Command}, {"Terraform", "hcl", fix.Terraform}} {
		if code := escape.Lines(block.code); code != "" {
			help.Text += "\n\n" + block.heading + ":\n" + code
			help.Markdown += "\n\n" + block.heading + ":\n\n```" + block.language + "\n" + code + "\n```"
		}
	}
	return help
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Tags     []string `json:"tags"`
	Severity string   `json:"security-severity"` // a number from 0 to 10, as text
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Properties   *sarifFix          `json:"properties,omitempty"`
}

// sarifFix is what fixes one resource, filled in.
type sarifFix struct {
	Command string `json:"command"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

type sarifLocation struct {
	Logical  []sarifLogical `json:"logicalLocations"`
	Physical sarifPhysical  `json:"physicalLocation"`
}

type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"`
	Kind      string `json:"kind"`
}

// sarifPhysical is there because some readers drop results without one.
type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
}

// grades holds SARIF's words for a severity.
var grades = map[posture.Severity]struct{ level, score string }{ //nolint:gochecknoglobals // constant
	posture.Critical: {"error", "9.5"},
	posture.High:     {"error", "8.0"},
	posture.Medium:   {"warning", "5.5"},
	posture.Low:      {"note", "3.0"},
}

func writeSARIF(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	driver, err := marshal(map[string]any{"name": "posture", "version": f.Tool, "rules": f.sarifRules()})
	if err != nil {
		return err
	}
	_, _ = out.WriteString(`{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":`)
	_, _ = out.Write(driver)
	_, _ = out.WriteString("}")
	if err := f.writeSARIFRun(out); err != nil {
		return err
	}
	_, _ = out.WriteString(`,"results":[`)
	separator := "\n"
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		line, err := marshal(f.sarifResult(finding))
		if err != nil {
			return err
		}
		_, _ = out.WriteString(separator)
		_, _ = out.Write(line)
		separator = ",\n"
	}
	_, _ = out.WriteString("\n]}]}\n")
	return out.Flush()
}

// writeSARIFRun writes which run it is: readers compare runs of one scope.
func (f Findings) writeSARIFRun(out *bufio.Writer) error {
	run, err := marshal(map[string]string{"id": "posture/" + f.Run.Scope() + "/" + f.Run.String()})
	if err != nil {
		return err
	}
	done, err := marshal([]map[string]any{{"executionSuccessful": !f.Incomplete, "startTimeUtc": f.Run.Slot().Format(time.RFC3339)}})
	if err != nil {
		return err
	}
	_, _ = out.WriteString(`,"automationDetails":`)
	_, _ = out.Write(run)
	_, _ = out.WriteString(`,"invocations":`)
	_, _ = out.Write(done)
	return nil
}

func (f Findings) sarifRules() []sarifRule {
	rules := []sarifRule{}
	for _, id := range slices.Sorted(maps.Keys(f.Rules)) {
		rule := f.Rules[id]
		described := sarifRule{
			ID: id, Short: sarifText{rule.Title}, Full: sarifText{rule.Why}, Help: helpOn(rule.Fix),
			Default:    sarifLevel{grades[rule.Severity].level},
			Properties: sarifProperties{Tags: append([]string{"security", string(rule.Category)}, rule.SOC2...), Severity: grades[rule.Severity].score},
		}
		if len(rule.References) > 0 {
			described.HelpURI = rule.References[0]
		}
		rules = append(rules, described)
	}
	return rules
}

// kinds holds SARIF's words for a status.
var kinds = map[posture.Status]string{ //nolint:gochecknoglobals // constant
	posture.Pass: "pass", posture.Fail: "fail", posture.Unknown: "review",
}

// sentence says what a result is about: how the resource fails, else the rule,
// the resource and why.
func sentence(rule posture.Rule, finding posture.Finding) string {
	if finding.Status == posture.Fail && finding.Sentence != "" {
		return escape.Line(finding.Sentence)
	}
	text := rule.Title + ": " + escape.Line(finding.Name)
	if why := escape.Line(evidence(finding)); why != "" {
		text += " (" + why + ")"
	}
	return text
}

func (f Findings) sarifResult(finding posture.Finding) sarifResult {
	rule := f.Rules[finding.Rule]
	result := sarifResult{
		RuleID: finding.Rule, Kind: kinds[finding.Status], Level: "none",
		Message:      sarifText{sentence(rule, finding)},
		Fingerprints: map[string]string{"posture/v1": finding.Fingerprint},
	}
	if finding.Status == posture.Fail {
		result.Level = grades[rule.Severity].level
		if finding.Command != "" {
			result.Properties = &sarifFix{escape.Lines(finding.Command)}
		}
	}
	if finding.Exemption.Live() {
		result.Suppressions = []sarifSuppression{{"external", "exemption " + finding.Exemption.ID}}
	}
	location := sarifLocation{Logical: []sarifLogical{{
		Name: escape.Line(finding.Name), Qualified: escape.Line(finding.Resource), Kind: "resource",
	}}}
	location.Physical.Artifact.URI = "posture/" + string(finding.Provider) + "/" + finding.Account + "/" + finding.Fingerprint
	result.Locations = []sarifLocation{location}
	return result
}
