package report

import (
	"bufio"
	"encoding/xml"
	"io"
	"time"

	"posture/internal/escape"
	"posture/internal/posture"
)

// The parts of JUnit's XML, as Jenkins, GitLab and others read it, that findings
// need. A finding is a test case of its rule on its resource.
type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitProblem `xml:"failure,omitempty"`
	Skipped *junitSkipped `xml:"skipped,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes one suite for the run. What is unknown or exempted is
// skipped, with the reason.
func writeJUnit(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(xml.Header + `<testsuites name="posture"><testsuite name="`) // a bufio.Writer keeps its error for Flush
	if err := xml.EscapeText(out, []byte(f.Run.String())); err != nil {
		return err
	}
	_, _ = out.WriteString(`" timestamp="` + f.Run.Slot().UTC().Format(time.RFC3339) + `">`)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		text, err := xml.Marshal(f.junit(finding))
		if err != nil {
			return err
		}
		_, _ = out.WriteString("\n")
		_, _ = out.Write(text)
	}
	_, _ = out.WriteString("\n</testsuite></testsuites>\n")
	return out.Flush()
}

func (f Findings) junit(finding posture.Finding) junitCase {
	rule := f.Rules[finding.Rule]
	where := string(finding.Provider) + "/" + finding.Account + "/" + finding.Region
	tested := junitCase{Class: finding.Rule, Name: escape.Line(where + " " + finding.Resource)}
	switch {
	case finding.Exemption.Live():
		tested.Skipped = &junitSkipped{"exemption " + finding.Exemption.ID + ": " + sentence(rule, finding)}
	case finding.Status == posture.Unknown:
		tested.Skipped = &junitSkipped{"unknown: " + escape.Line(evidence(finding))}
	case finding.Status == posture.Fail:
		tested.Failure = &junitProblem{sentence(rule, finding), string(rule.Severity), escape.Lines(rule.Fix.Note + "\n\n" + finding.Command)}
	}
	return tested
}
