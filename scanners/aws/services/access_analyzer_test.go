package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestAccessAnalyzer holds that AWS's verdict is read beside ours, and that the
// scan counts where they differ.
func TestAccessAnalyzer(t *testing.T) {
	const first = "access-analyzer:ListAnalyzers"
	fields := []string{byAnalyzer}
	for _, test := range []struct {
		name     string
		sections map[string]string
		public   []string // repositories that AWS calls public
		unread   []posture.Unread
		differ   map[string]int
	}{
		{name: "of two analyzers", public: []string{"bad", "own"}, differ: map[string]int{"access-analyzer:ListFindingsV2": 1}},
		{name: "no analyzer", sections: map[string]string{first: `{"analyzers": []}`}},
		{name: "one for unused access only", sections: map[string]string{first: `{"analyzers": [{"arn": "a", "name": "a", "type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}]}`}},
		{name: "one that is not active yet", sections: map[string]string{first: `{"analyzers": [{"arn": "a", "name": "a", "type": "ACCOUNT", "status": "CREATING", "createdAt": "2025-01-01T00:00:00Z"}]}`}},
		{name: "analyzers refused", sections: map[string]string{first + " error=AccessDeniedException status=403": ""}, unread: refused(first, "AccessDeniedException", first, fields...)},
		{name: "second page of analyzers refused", sections: map[string]string{first + " nextToken=two error=AccessDeniedException status=403": ""}, unread: refused(first, "AccessDeniedException", first, fields...)},
		{name: "findings refused", sections: map[string]string{"access-analyzer:ListFindingsV2 analyzerArn=arn:aws:access-analyzer:us-east-1:111122223333:analyzer/organization error=AccessDeniedException status=403": ""},
			unread: refused("access-analyzer:ListFindingsV2", "AccessDeniedException", "access-analyzer:ListFindings", fields...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scanTypes(t, fixtures(t, test.sections), "AWS::ECR::Repository")
			var public []string
			for _, r := range s.Resources {
				if r.Doc.(*ECRRepository).PublicByAnalyzer {
					public = append(public, r.Name)
				}
				if diff := cmp.Diff(test.unread, r.Unread); diff != "" {
					t.Errorf("unread of %s (-want +got):\n%s", r.Name, diff)
				}
			}
			if diff := cmp.Diff(test.public, public); diff != "" {
				t.Errorf("public (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.differ, s.Report.Disagreed); diff != "" {
				t.Errorf("disagreed (-want +got):\n%s", diff)
			}
		})
	}
}
