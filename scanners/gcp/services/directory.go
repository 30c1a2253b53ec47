package services

import (
	"context"
	"errors"
	"net/url"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Directory is what rules may ask of the directory of people that belongs to
// an organization. It is known through a detector of Security Command Center,
// which looks into it: so nobody's name or address is read here.
type Directory struct {
	Level           string `json:"level"`             // whose it is: only an organization has one, and of folders and projects nothing is read
	TwoStepEnforced bool   `json:"two_step_enforced"` // the detector looks, and has found nobody who may sign in without a second step
}

var directories = engine.Service{
	Type: scanners.Type{
		Name: "admin.googleapis.com/Directory",
		Doc:  Directory{},
		Calls: []scanners.Call{
			{Op: opDetectors, Permission: "securitycentermanagement.securityCenterServices.get", For: []string{"two_step_enforced"}},
			{Op: opFindings, Permission: "securitycenter.findings.list", For: []string{"two_step_enforced"}},
		},
		Console: scanners.Console{None: "people and their sign-in are in the Google Admin console"},
	},
	Versions: []string{"v1"},
	Once:     true,
	Read:     readDirectory,
}

const (
	opDetectors     = "securitycentermanagement.securityCenterServices.get"
	twoStepDetector = "MFA_NOT_ENFORCED" // also the category of what it finds
)

func readDirectory(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.Asset.Name+"/directory", r.Owner().ID
	doc := &Directory{Level: r.Owner().Level()}
	if doc.Level != "organization" {
		r.Mark(posture.Cause{Reason: posture.NotRequested}, "two_step_enforced")
		return doc
	}
	if !r.Wants("two_step_enforced") || !r.Got(detects(ctx, r, twoStepDetector), "two_step_enforced") {
		return doc
	}
	found, err := hasFinding(ctx, r, twoStepDetector)
	doc.TwoStepEnforced = r.Got(err, "two_step_enforced") && !found
	return doc
}

// hasFinding reports whether a finding of a category is active, muted or not.
func hasFinding(ctx context.Context, r *engine.Reading, category string) (bool, error) {
	query := url.Values{"filter": {`state="ACTIVE" AND category="` + category + `"`}, "pageSize": {"1"}}
	found := false
	err := eachFindings(ctx, r, query, func(page findingsData) bool {
		found = len(page.Results) > 0
		return !found
	})
	return found || err != nil, err
}

// detectorsData is what is read of Security Health Analytics
// (securitycentermanagement.securityCenterServices.get). A detector that is
// not named does as its service.
type detectorsData struct {
	State   string `json:"effectiveEnablementState"`
	Modules map[string]struct {
		State string `json:"effectiveEnablementState"`
	}
}

var errDetectorOff = errors.New("the detector is off")

var errNoState error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say whether the service is on"}

// detects returns nil when a detector of Security Health Analytics is at work
// for the organization. Of one that is not, nothing follows.
func detects(ctx context.Context, r *engine.Reading, detector string) error {
	path := "/v1/" + r.Owner().Key + "/locations/global/securityCenterServices/security-health-analytics"
	var data detectorsData
	if err := r.Fetch(ctx, opDetectors, &url.URL{Scheme: "https", Host: "securitycentermanagement.googleapis.com", Path: path}, &data); err != nil {
		return err
	}
	if data.State == "" {
		return scanners.Failed(opDetectors, errNoState)
	}
	module, named := data.Modules[detector]
	if data.State != "ENABLED" || named && module.State != "" && module.State != "ENABLED" {
		return &posture.ReadError{Cause: posture.Cause{Reason: posture.NotUsed, Operation: opDetectors, Code: detector + " is off"}, Err: errDetectorOff}
	}
	return nil
}
