package services

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

const (
	readAssessments    = "Microsoft.Security/assessments/read"
	readSubAssessments = "Microsoft.Security/assessments/subAssessments/read"
)

// assessmentsCall declares what unhealthy reads, for each resource.
func assessmentsCall(fields ...string) scanners.Call {
	return scanners.Call{Op: readAssessments, Each: true, For: fields}
}

// unhealthy returns those of the assessments of Defender for Cloud, by key and
// name, that the resource does not meet
// (learn.microsoft.com/rest/api/defenderforcloud/assessments/get). One that was
// not made marks the field.
func unhealthy(r *engine.Reading, assessments map[string]string, field string) []string {
	var names []string
	for _, key := range slices.Sorted(maps.Keys(assessments)) {
		var data struct {
			Properties struct{ Status struct{ Code string } }
		}
		err := r.Fetch(readAssessments, "/providers/Microsoft.Security/assessments/"+key, "2020-01-01", &data)
		if errors.Is(err, posture.ErrGone) {
			r.Absent(readAssessments, field)
			continue
		}
		if !r.Got(err, field) {
			continue
		}
		switch oneOf(r, "assessment", data.Properties.Status.Code, field, "Healthy", "Unhealthy", "NotApplicable") {
		case "Unhealthy":
			names = append(names, assessments[key])
		case "NotApplicable": // Defender for Cloud could not look
			r.Absent(readAssessments, field)
		}
	}
	return names
}

// podSecurity are the assessments of what pods of a cluster may do
// (learn.microsoft.com/azure/defender-for-cloud/recommendations-reference-container).
var podSecurity = map[string]string{
	"5d90913f-a1c5-4429-ad54-2c6c17fb3c73": "privileged containers",
	"43dc2a2e-ce69-4d42-923e-ab7d136f2cfe": "privilege escalation",
	"802c0637-5a8c-4c98-abd7-7c96d89d6010": "host namespaces",
	"ebc68898-5c0f-4353-a426-4a5f1e737b12": "host network",
	"f0debc84-981c-4a0d-924d-aa4bd7d55fef": "host paths",
	"9b795646-9130-41a4-90b7-df9eae2437c8": "containers as root",
	"11c95609-3553-430d-b788-fd41cde8b2db": "Linux capabilities",
}

// imageFindings is the assessment of the images of a registry
// (learn.microsoft.com/azure/defender-for-cloud/subassessment-rest-api).
const imageFindings = "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"

// subAssessment is one finding of an assessment
// (learn.microsoft.com/rest/api/defenderforcloud/sub-assessments/list).
type subAssessment struct {
	Properties struct {
		ResourceDetails struct{ ID string }
		Status          struct{ Code, Severity string }
	}
}

// severe reports whether the finding is high or critical and not resolved. Where
// it says nothing of that which is understood, that is not known.
func (f *subAssessment) severe() (severe, known bool) {
	switch strings.ToLower(f.Properties.Status.Code) {
	case "healthy", "notapplicable":
		return false, true
	case "unhealthy":
	default:
		return false, false
	}
	switch strings.ToLower(f.Properties.Status.Severity) {
	case "low", "medium":
		return false, true
	case "high", "critical":
		return true, true
	}
	return false, false
}

// severeFindings counts the findings of an assessment that are high or
// critical and not resolved.
func severeFindings(r *engine.Reading, key, field string) int64 {
	if !r.Wants(field) {
		return 0
	}
	all, err := engine.FetchAll[subAssessment](r, readSubAssessments, "/providers/Microsoft.Security/assessments/"+key+"/subAssessments", "2019-01-01-preview")
	r.Got(err, field)
	var n int64
	for _, finding := range all {
		if severe, known := finding.severe(); !known {
			r.Strange("status of a finding", field)
		} else if severe {
			n++
		}
	}
	return n
}

const readPricings = "Microsoft.Security/pricings/read"

// defenderPlan is one of Defender for Cloud
// (learn.microsoft.com/rest/api/defenderforcloud/pricings/get).
type defenderPlan struct {
	Properties *struct {
		PricingTier string
		Extensions  []struct{ Name, IsEnabled string } // "True", "False"
	}
}

// imagesScanned reports whether a plan of Defender for Cloud scans the images
// of registries.
func imagesScanned(r *engine.Reading, field string) bool {
	if !r.Wants(field) {
		return false
	}
	scanned := false
	for _, name := range []string{"Containers", "CloudPosture"} {
		plan, err := engine.Once(r, "plan "+name, func() (defenderPlan, error) {
			var plan defenderPlan
			err := r.FetchOf(readPricings, "/subscriptions/"+r.Row.Subscription, "/providers/Microsoft.Security/pricings/"+name, "2024-01-01", &plan)
			return plan, err
		})
		if !r.Got(err, field) {
			continue
		}
		p := engine.Need(r, plan.Properties, field)
		if oneOf(r, "tier of a plan", p.PricingTier, field, "Free", "Standard") != "Standard" {
			continue
		}
		for _, e := range p.Extensions {
			scanned = scanned || strings.EqualFold(e.Name, "ContainerRegistriesVulnerabilityAssessments") && strings.EqualFold(e.IsEnabled, "True")
		}
	}
	return scanned
}
