package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"posture/internal/posture"
)

// Directory is what rules may ask of the directory of people that belongs to
// an organization. It is known through a detector of Security Command Center,
// which looks into it: so nobody's name or address is read here.
type Directory struct {
	Level           string `json:"level"`             // whose it is: only an organization has one, and of folders and projects nothing is read
	TwoStepEnforced bool   `json:"two_step_enforced"` // the detector looks, and has found nobody who may sign in without a second step
}

var directories = service{
	Type:     "admin.googleapis.com/Directory",
	Doc:      Directory{},
	Versions: []string{"v1"},
	Calls: []call{
		{Op: opDetectors, Permission: "securitycentermanagement.securityCenterServices.get", For: []string{"two_step_enforced"}},
		{Op: opFindings, Permission: "securitycenter.findings.list", For: []string{"two_step_enforced"}},
	},
	Once: true,
	Read: readDirectory,
}

const (
	opDetectors     = "securitycentermanagement.securityCenterServices.get"
	twoStepDetector = "MFA_NOT_ENFORCED" // also the category of what it finds
)

func readDirectory(ctx context.Context, r *reading) any {
	r.id, r.name = r.asset.Name+"/directory", r.place.node.id
	doc := &Directory{Level: r.place.node.level()}
	if doc.Level != "organization" {
		r.Mark(posture.Cause{Reason: posture.NotRequested}, "two_step_enforced")
		return doc
	}
	if !r.Wants("two_step_enforced") || !r.Got(r.detects(ctx, twoStepDetector), "two_step_enforced") {
		return doc
	}
	found, err := r.hasFinding(ctx, twoStepDetector)
	doc.TwoStepEnforced = r.Got(err, "two_step_enforced") && !found
	return doc
}

// hasFinding reports whether a finding of a category is active, muted or not.
func (r *reading) hasFinding(ctx context.Context, category string) (bool, error) {
	query := url.Values{"filter": {`state="ACTIVE" AND category="` + category + `"`}, "pageSize": {"1"}}
	for {
		var page findingsData
		if err := r.askSecurityCenter(ctx, opFindings, "/sources/-/findings", query, &page); err != nil || len(page.Results) > 0 {
			return true, err
		}
		if page.Next == "" {
			return false, nil
		}
		query.Set("pageToken", page.Next)
	}
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

// detects returns nil when a detector of Security Health Analytics is at work
// for the organization. Of one that is not, nothing follows.
func (r *reading) detects(ctx context.Context, detector string) error {
	if r.place.inventory.client == nil {
		return notListedError{resources}
	}
	path := "/v1/" + r.key() + "/locations/global/securityCenterServices/security-health-analytics"
	body, err := r.place.inventory.fetch(ctx, opDetectors, &url.URL{Scheme: "https", Host: "securitycentermanagement.googleapis.com", Path: path})
	if err != nil {
		return err
	}
	var data detectorsData
	if err := json.Unmarshal(body, &data); err != nil {
		return failed(opDetectors, err)
	}
	module, named := data.Modules[detector]
	if data.State != "ENABLED" || named && module.State != "" && module.State != "ENABLED" {
		return &posture.ReadError{Cause: posture.Cause{Reason: posture.Failed, Operation: opDetectors, Code: detector + " is off"}, Err: errDetectorOff}
	}
	return nil
}
