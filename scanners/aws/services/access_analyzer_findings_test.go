package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestAccessAnalyzerFindings(t *testing.T) {
	const list, find, arn = "access-analyzer:ListAnalyzers", "access-analyzer:ListFindingsV2", "arn:aws:access-analyzer:us-east-1:111122223333:analyzer"
	analyzer := func(doc AccessAnalyzer, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: arn, Name: "IAM Access Analyzer", Doc: &doc, Unread: unread}}
	}
	day := func(month time.Month) time.Time { return time.Date(2025, month, 1, 0, 0, 0, 0, time.UTC) }
	one := func(kind, status string) string {
		return `{"analyzers": [{"arn": "a", "name": "a", "type": "` + kind + `", "status": "` + status + `", "createdAt": "2025-01-01T00:00:00Z"}]}`
	}
	all := AccessAnalyzer{External: true, Unused: true, OpenAccess: true, OldestAccess: day(1), OpenUnused: true, OldestUnused: day(2)}
	unsure, undated := all, AccessAnalyzer{Internal: true, OpenAccess: true}
	unsure.OldestAccess = time.Time{}
	findings := []string{"open_access", "oldest_access", "open_unused", "oldest_unused"}
	testReading(t, "AWS::AccessAnalyzer::Analyzer", []readingTest{
		{name: "as they are", want: analyzer(all)},
		{name: "none", sections: map[string]string{list: `{"analyzers": []}`}, want: analyzer(AccessAnalyzer{})},
		{name: "one that is not active yet", sections: map[string]string{list: one("ACCOUNT", "CREATING")}, want: analyzer(AccessAnalyzer{})},
		{name: "of access from inside, without findings", sections: map[string]string{list: one("ACCOUNT_INTERNAL_ACCESS", "ACTIVE"), find + " analyzerArn=a": `{"findings": []}`}, want: analyzer(AccessAnalyzer{Internal: true})},
		{name: "another account's finding", sections: map[string]string{list: one("ORGANIZATION", "ACTIVE"), find + " analyzerArn=a": `{"findings": [{"id": "3", "resource": "r", "resourceOwnerAccount": "999988887777", "status": "ACTIVE"}]}`}, want: analyzer(AccessAnalyzer{External: true})},
		{name: "a finding without a date", sections: map[string]string{list: one("ORGANIZATION_INTERNAL_ACCESS", "ACTIVE"), find + " analyzerArn=a": `{"findings": [
			{"id": "6", "resource": "r", "resourceOwnerAccount": "111122223333", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}, {"id": "7", "resource": "r", "resourceOwnerAccount": "111122223333", "status": "ACTIVE"}]}`},
			want: analyzer(undated, unsaid(find, "oldest_access")...)},
		{name: "refused", sections: map[string]string{list + " error=AccessDeniedException status=403": ""},
			want: analyzer(AccessAnalyzer{}, refused(list, "AccessDeniedException", list, append([]string{"external", "internal", "unused"}, findings...)...)...)},
		{name: "second page refused", sections: map[string]string{list + " nextToken=two error=AccessDeniedException status=403": "", find + " analyzerArn=" + arn + "/account": `{"findings": []}`},
			want: analyzer(AccessAnalyzer{External: true}, refused(list, "AccessDeniedException", list, append([]string{"internal", "unused"}, findings...)...)...)},
		{name: "findings of one refused", sections: map[string]string{find + " analyzerArn=" + arn + "/organization error=AccessDeniedException status=403": ""},
			want: analyzer(unsure, refused(find, "AccessDeniedException", "access-analyzer:ListFindings", "oldest_access")...)},
	})
}
