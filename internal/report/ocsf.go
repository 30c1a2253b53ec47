package report

import (
	"bufio"
	"io"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
)

// The parts of OCSF 1.6.0's Compliance Finding (class 2003), with the profile
// "cloud", that findings need: https://schema.ocsf.io/1.6.0/classes/compliance_finding.
type ocsfFinding struct {
	ActivityID   int             `json:"activity_id"`
	ActivityName string          `json:"activity_name"`
	CategoryUID  int             `json:"category_uid"`
	CategoryName string          `json:"category_name"`
	ClassUID     int             `json:"class_uid"`
	ClassName    string          `json:"class_name"`
	TypeUID      int             `json:"type_uid"`
	TypeName     string          `json:"type_name"`
	Time         int64           `json:"time"` // milliseconds since 1970
	Metadata     ocsfMetadata    `json:"metadata"`
	SeverityID   int             `json:"severity_id"`
	Severity     string          `json:"severity"`
	StatusID     int             `json:"status_id"`
	Status       string          `json:"status"`
	Message      string          `json:"message"`
	Detail       string          `json:"status_detail,omitempty"`
	Info         ocsfInfo        `json:"finding_info"`
	Compliance   ocsfCompliance  `json:"compliance"`
	Remediation  ocsfRemediation `json:"remediation"`
	Resources    []ocsfResource  `json:"resources"`
	Cloud        ocsfCloud       `json:"cloud"`
	Unmapped     *ocsfUnmapped   `json:"unmapped,omitempty"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	Profiles []string    `json:"profiles"`
	UID      string      `json:"uid"` // the same in each export of the run
	Product  ocsfProduct `json:"product"`
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version"`
}

type ocsfInfo struct {
	UID   string   `json:"uid"` // the same in each run
	Title string   `json:"title"`
	Desc  string   `json:"desc"`
	Types []string `json:"types"`
	Link  string   `json:"src_url,omitempty"`
}

type ocsfCompliance struct {
	Standards    []string    `json:"standards"`
	Requirements []string    `json:"requirements"`
	Control      string      `json:"control"`
	StatusID     int         `json:"status_id"`
	Status       string      `json:"status"`
	Checks       []ocsfCheck `json:"checks"`
}

type ocsfCheck struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	Status int    `json:"status_id"`
}

type ocsfRemediation struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitempty"`
}

type ocsfResource struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Region string `json:"region"`
}

type ocsfCloud struct {
	Provider string      `json:"provider"`
	Region   string      `json:"region"`
	Account  ocsfAccount `json:"account"`
}

type ocsfAccount struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
}

// ocsfUnmapped is what OCSF has no place for. Its owners are users with an
// account; ours may be a team.
type ocsfUnmapped struct {
	Owner     string             `json:"owner,omitempty"`
	Command   string             `json:"command,omitempty"`
	Exemption *posture.Exemption `json:"exemption,omitempty"`
}

// ocsfWord is a number of OCSF's with its caption.
type ocsfWord struct {
	id      int
	caption string
}

// OCSF's words for ours. "Warning" is its word for a check that came to no
// result because something was missing.
var (
	ocsfSeverities = map[posture.Severity]ocsfWord{ //nolint:gochecknoglobals // constant
		posture.Low: {2, "Low"}, posture.Medium: {3, "Medium"}, posture.High: {4, "High"}, posture.Critical: {5, "Critical"},
	}
	ocsfResults = map[posture.Status]ocsfWord{ //nolint:gochecknoglobals // constant
		posture.Pass: {1, "Pass"}, posture.Unknown: {2, "Warning"}, posture.Fail: {3, "Fail"},
	}
	ocsfProviders = map[posture.Provider]struct{ name, account string }{ //nolint:gochecknoglobals // constant
		posture.AWS: {"AWS", "AWS Account"}, posture.GCP: {"GCP", "GCP Project"}, posture.Azure: {"Azure", "Azure Subscription"},
	}
	ocsfAccountTypes = map[posture.Provider]int{posture.AWS: 10, posture.GCP: 11, posture.Azure: 13} //nolint:gochecknoglobals // constant
)

// writeOCSF writes a Compliance Finding per line.
func writeOCSF(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		line, err := marshal(f.ocsf(finding))
		if err != nil {
			return err
		}
		_, _ = out.Write(append(line, '\n')) // a bufio.Writer keeps its error for Flush
	}
	return out.Flush()
}

func (f Findings) ocsf(finding posture.Finding) ocsfFinding {
	rule := f.Rules[finding.Rule]
	severity, result := ocsfSeverity(finding, rule), ocsfResults[finding.Status]
	status := ocsfState(finding)
	provider := ocsfProviders[finding.Provider]
	account := ocsfAccount{finding.Account, finding.Account, ocsfAccountTypes[finding.Provider], provider.account}
	return ocsfFinding{
		ActivityID: 1, ActivityName: "Create", CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2003, ClassName: "Compliance Finding", TypeUID: 200301, TypeName: "Compliance Finding: Create",
		Time: f.Run.Slot().UnixMilli(),
		Metadata: ocsfMetadata{
			Version: "1.6.0", Profiles: []string{"cloud"}, UID: f.Run.String() + "/" + finding.Fingerprint,
			Product: ocsfProduct{"posture", "posture", f.Tool},
		},
		SeverityID: severity.id, Severity: severity.caption, StatusID: status.id, Status: status.caption,
		Message: sentence(rule, finding), Detail: escape.Line(evidence(finding)),
		Info: ocsfInfo{
			UID: finding.Fingerprint, Title: rule.Title, Desc: rule.Why, Types: []string{string(rule.Category)}, Link: finding.Link,
		},
		Compliance: ocsfCompliance{
			Standards: []string{"SOC 2"}, Requirements: nonNil(rule.SOC2), Control: finding.Rule, StatusID: result.id, Status: result.caption,
			Checks: []ocsfCheck{{finding.Rule, rule.Title, result.id}},
		},
		Remediation: ocsfRemediation{rule.Fix.Note, rule.References},
		Resources:   []ocsfResource{{finding.Resource, finding.Name, finding.Type, finding.Region}},
		Cloud:       ocsfCloud{provider.name, finding.Region, account},
		Unmapped:    ocsfRest(finding),
	}
}

// ocsfSeverity is the rule's where something fails; what passes is for
// information, and of the rest nobody knows how bad it is.
func ocsfSeverity(finding posture.Finding, rule posture.Rule) ocsfWord {
	switch finding.Status {
	case posture.Fail:
		return ocsfSeverities[rule.Severity]
	case posture.Pass:
		return ocsfWord{1, "Informational"}
	default:
		return ocsfWord{0, "Unknown"}
	}
}

// ocsfState is where people are with a finding.
func ocsfState(finding posture.Finding) ocsfWord {
	if finding.Exemption.Live() {
		return ocsfWord{3, "Suppressed"}
	}
	return ocsfWord{1, "New"}
}

func ocsfRest(finding posture.Finding) *ocsfUnmapped {
	rest := ocsfUnmapped{finding.Owner, strings.TrimSpace(escape.Lines(finding.Command)), finding.Exemption}
	if rest == (ocsfUnmapped{}) {
		return nil
	}
	return &rest
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
