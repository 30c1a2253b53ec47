package services

import (
	"strings"
	"time"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
)

// defenderFields are the fields that Defender for Cloud gives.
var defenderFields = []string{"endpoint_protection", "vulnerability_scanner", "vulnerability_days"}

// The names of assessments of machines
// (learn.microsoft.com/azure/defender-for-cloud/recommendations-reference-compute).
const (
	assessmentOfEndpoint = "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c" // EDR solution should be installed on Virtual Machines
	assessmentOfScanner  = "ffff0522-1e88-47fc-8382-2a80ba848f5d" // Machines should have a vulnerability assessment solution
	assessmentOfFindings = "1195afff-c881-495e-9bc5-1486211ae03f" // Machines should have vulnerability findings resolved
)

// assessment is what Defender for Cloud says of a resource
// (learn.microsoft.com/rest/api/defenderforcloud/assessments/get).
type assessment struct {
	ID         string
	Properties struct {
		Status struct {
			Code             string // Healthy, Unhealthy or NotApplicable
			StatusChangeDate *time.Time
		}
	}
}

// PointsTo implements engine.Pointer.
func (a assessment) PointsTo() []string {
	of, _, _ := strings.Cut(strings.ToLower(a.ID), "/providers/microsoft.security/assessments/")
	return []string{of}
}

// is reports whether the assessment has a name and a status.
func (a *assessment) is(name, code string) bool {
	return strings.EqualFold(engine.LastOf(a.ID), name) && strings.EqualFold(a.Properties.Status.Code, code)
}

// readVMAssessments reads what Defender for Cloud says of the machine. What it
// does not say, because it is off or holds the question for not applicable, is
// not known.
func readVMAssessments(r *engine.Reading, doc *VirtualMachine) {
	var known struct{ endpoint, scanner, findings bool }
	for _, found := range engine.Pointing[assessment](r, typeAssessment, r.ID, defenderFields...) {
		a := &found.Data
		switch {
		case a.is(assessmentOfEndpoint, "Healthy"):
			doc.EndpointProtection, known.endpoint = true, true
		case a.is(assessmentOfEndpoint, "Unhealthy"):
			doc.EndpointProtection, known.endpoint = false, true
		case a.is(assessmentOfScanner, "Healthy"):
			doc.VulnerabilityScanner, known.scanner = true, true
		case a.is(assessmentOfScanner, "Unhealthy"):
			known.scanner = true
		case a.is(assessmentOfFindings, "Healthy"):
			known.findings = true
		case a.is(assessmentOfFindings, "Unhealthy"):
			known.findings = true
			if since := engine.Need(r, a.Properties.Status.StatusChangeDate, "vulnerability_days"); a.Properties.Status.StatusChangeDate != nil {
				doc.VulnerabilityDays = r.Days(since)
			}
		}
	}
	if !known.endpoint && !doc.EndpointProtection {
		notAssessed(r, "endpoint_protection")
	}
	if !known.scanner {
		notAssessed(r, "vulnerability_scanner")
	}
	if !known.findings {
		notAssessed(r, "vulnerability_days")
	}
}

// notAssessed marks a field because no assessment says anything of it.
func notAssessed(r *engine.Reading, field string) {
	if r.Wants(field) {
		r.Mark(posture.Cause{Reason: posture.NotUsed, Operation: "read " + typeAssessment, Code: "no assessment"}, field)
	}
}

// guestAssignment is a configuration that a machine is compared with
// (learn.microsoft.com/rest/api/guestconfiguration/guest-configuration-assignments/get).
type guestAssignment struct {
	ID, Name   string
	Properties struct {
		ComplianceStatus   string
		GuestConfiguration struct{ Name string }
	}
}

// PointsTo implements engine.Pointer.
func (g guestAssignment) PointsTo() []string {
	of, _, _ := strings.Cut(strings.ToLower(g.ID), "/providers/microsoft.guestconfiguration/")
	return []string{of}
}

// isBaseline reports whether the configuration is Azure's compute security
// baseline. A policy adds to its name.
func (g *guestAssignment) isBaseline() bool {
	name := strings.ToLower(g.Name)
	return strings.HasPrefix(name, "azurelinuxbaseline") || strings.HasPrefix(name, "azurewindowsbaseline")
}

// readBaseline reads whether the machine is as the baseline says, the worst
// where several are assigned.
func readBaseline(r *engine.Reading, doc *VirtualMachine) {
	worst := map[string]int{"": 0, "compliant": 1, "pending": 2, "noncompliant": 3}
	for _, found := range engine.Pointing[guestAssignment](r, typeGuestAssignment, r.ID, "baseline") {
		if !found.Data.isBaseline() {
			continue
		}
		status := strings.ToLower(found.Data.Properties.ComplianceStatus)
		switch rank, known := worst[status]; {
		case status == "":
			r.Absent("read "+typeGuestAssignment, "baseline")
		case !known:
			r.Strange("status of compliance", "baseline")
		case rank > worst[doc.Baseline]:
			doc.Baseline = status
		}
	}
}
