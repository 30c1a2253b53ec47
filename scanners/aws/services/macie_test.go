package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// TestSensitiveDataDiscovery says what a bucket is told of Macie in its region.
func TestSensitiveDataDiscovery(t *testing.T) {
	const session, discovery, scope = "macie2:GetMacieSession", "macie2:GetAutomatedDiscoveryConfiguration", "macie2:GetClassificationScope"
	for name, test := range map[string]struct {
		sections map[string]string
		want     bool
		unread   []posture.Unread
	}{
		"on":                   {want: true},
		"excluded":             {sections: map[string]string{scope + " id=s1": `{"id": "s1", "s3": {"excludes": {"bucketNames": ["alpha"]}}}`}},
		"refused":              {sections: map[string]string{session + " error=AccessDeniedException status=403": ""}, unread: refused(session, "AccessDeniedException", session, discoveryField)},
		"paused":               {sections: map[string]string{session: `{"status": "PAUSED"}`}},
		"discovery is off":     {sections: map[string]string{discovery: `{"status": "DISABLED"}`}},
		"no state of Macie":    {sections: map[string]string{session: `{"createdAt": "2025-01-01T00:00:00Z"}`}, unread: unsaid(session, discoveryField)},
		"a new state":          {sections: map[string]string{discovery: `{"status": "STARTING"}`}, unread: unknownValue(discovery, discoveryField)},
		"no scope":             {sections: map[string]string{discovery: `{"status": "ENABLED"}`}, unread: unsaid(discovery, discoveryField)},
		"nothing is excluded":  {sections: map[string]string{scope + " id=s1": `{"id": "s1"}`}, want: true},
		"the scope is refused": {sections: map[string]string{scope + " id=s1 error=ForbiddenException status=403": ""}, unread: refused(scope, "ForbiddenException", scope, discoveryField)},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::S3::Bucket").get(t, "alpha")
			var unread []posture.Unread
			for _, u := range got.Unread {
				if u.Field == discoveryField {
					unread = append(unread, u)
				}
			}
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			if on := got.Doc.(*S3Bucket).SensitiveDataDiscovery; on != test.want {
				t.Errorf("discovery is %v", on)
			}
		})
	}
}

// TestMacieOff: that Macie is not on comes with the code of a refusal.
func TestMacieOff(t *testing.T) {
	estate := fixtures(t, nil)
	estate.Func("macie2:GetMacieSession", func(awstest.Request) awstest.Answer {
		return awstest.Answer{Error: "AccessDeniedException", Message: "Macie is not enabled."}
	})
	got := scanTypes(t, estate, "AWS::S3::Bucket").get(t, "alpha")
	if got.Doc.(*S3Bucket).SensitiveDataDiscovery {
		t.Error("discovery is on")
	}
	for _, u := range got.Unread {
		if u.Field == discoveryField {
			t.Errorf("unread: %+v", u)
		}
	}
}
