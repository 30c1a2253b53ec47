package services

import (
	"testing"

	"posture/internal/posture"
)

func TestInspector(t *testing.T) {
	inspector := func(doc Inspector, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:inspector2:us-east-1:111122223333:inspector", Name: "Inspector", Doc: &doc, Unread: unread}}
	}
	all := []string{"EC2", "ECR", "LAMBDA"}
	status := func(states string) map[string]string {
		return map[string]string{inspectorStatus: `{"accounts": [{"accountId": "111122223333", "state": {"status": "ENABLED"}, "resourceState": {` + states + `}}], "failedAccounts": []}`}
	}
	const off = `"ec2": {"status": "DISABLED"}, "ecr": {"status": "DISABLED"}`
	testReading(t, "AWS::InspectorV2::Inspector", []readingTest{
		{name: "as it is", want: inspector(Inspector{Scans: []string{"EC2", "ECR"}, Used: all, OldestCritical: day("2026-01-01")})},
		{name: "off", sections: status(off), want: inspector(Inspector{Used: all})},
		{name: "an empty region", sections: map[string]string{
			inspectorStatus:         `{"accounts": [{"accountId": "111122223333", "resourceState": {` + off + `}}], "failedAccounts": []}`,
			"ec2:DescribeInstances": "<reservationSet/>", "ecr:DescribeRepositories": `{"repositories": []}`, "lambda:ListFunctions": `{"Functions": []}`,
		}, want: inspector(Inspector{})},
		{name: "a new state", sections: status(`"ec2": {"status": "PAUSED"}, "ecr": {"status": "DISABLED"}`), want: inspector(Inspector{Used: all}, unknownValue(inspectorStatus, "scans")...)},
		{name: "nothing said of images", sections: status(`"ec2": {"status": "DISABLED"}`), want: inspector(Inspector{Used: all}, unsaid(inspectorStatus, "scans")...)},
		{name: "the account failed", sections: map[string]string{inspectorStatus: `{"accounts": [], "failedAccounts": [{"accountId": "111122223333", "errorCode": "INTERNAL_ERROR"}]}`},
			want: inspector(Inspector{Used: all}, unsaid(inspectorStatus, "oldest_critical", "oldest_high", "scans")...)},
		{name: "refused", sections: map[string]string{inspectorStatus + " error=AccessDeniedException": ""},
			want: inspector(Inspector{Used: all}, refused(inspectorStatus, "AccessDeniedException", inspectorStatus, "oldest_critical", "oldest_high", "scans")...)},
		{name: "findings refused", sections: map[string]string{inspectorFindings + " error=AccessDeniedException": ""},
			want: inspector(Inspector{Scans: []string{"EC2", "ECR"}, Used: all, OldestCritical: day("2026-01-01")}, refused(inspectorFindings, "AccessDeniedException", inspectorFindings, "oldest_high")...)},
		{name: "a finding without a time", sections: map[string]string{inspectorFindings + " filterCriteria.severity.1.value=CRITICAL": `{"findings": [{"severity": "CRITICAL"}]}`},
			want: inspector(Inspector{Scans: []string{"EC2", "ECR"}, Used: all}, unsaid(inspectorFindings, "oldest_critical")...)},
		{name: "functions refused", sections: map[string]string{"lambda:ListFunctions error=AccessDeniedException": ""},
			want: inspector(Inspector{Scans: []string{"EC2", "ECR"}, Used: []string{"EC2", "ECR"}, OldestCritical: day("2026-01-01")}, refused("lambda:ListFunctions", "AccessDeniedException", "lambda:ListFunctions", "used")...)},
	})
}
