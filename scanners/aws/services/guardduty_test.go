package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestGuardDuty(t *testing.T) {
	const id = "arn:aws:guardduty:us-east-1:111122223333:detector"
	detector := func(doc GuardDutyDetector, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: id, Name: "GuardDuty", Doc: &doc, Unread: unread}}
	}
	features := []string{"CLOUD_TRAIL", "DNS_LOGS", "EKS_AUDIT_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS"}
	made := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	testReading(t, "AWS::GuardDuty::Detector", []readingTest{
		{name: "on", want: detector(GuardDutyDetector{Enabled: true, Features: features, OpenHighFindings: true, OldestHighFinding: made})},
		{name: "never set up", sections: map[string]string{"guardduty:ListDetectors": `{"detectorIds": []}`}, want: detector(GuardDutyDetector{})},
		{name: "suspended and quiet", sections: map[string]string{
			"guardduty:GetDetector":  `{"status": "DISABLED", "serviceRole": "x"}`,
			"guardduty:ListFindings": `{"findingIds": []}`,
		}, want: detector(GuardDutyDetector{}, unsaid("guardduty:GetDetector", "features", "unavailable")...)},
		{name: "a region without some plans", sections: map[string]string{
			"guardduty:GetDetector":  `{"status": "ENABLED", "serviceRole": "x", "features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}, {"name": "EKS_AUDIT_LOGS", "status": "ENABLED"}]}`,
			"guardduty:ListFindings": `{"findingIds": []}`,
		}, want: detector(GuardDutyDetector{Enabled: true, Features: []string{"EKS_AUDIT_LOGS"}, Unavailable: []string{
			"EBS_MALWARE_PROTECTION", "EKS_RUNTIME_MONITORING", "LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING"}})},
		{name: "answers that say too little", sections: map[string]string{
			"guardduty:GetDetector": `{"serviceRole": "x"}`,
			"guardduty:GetFindings": `{"findings": []}`,
		}, want: detector(GuardDutyDetector{OpenHighFindings: true}, append(unsaid("guardduty:GetDetector", "enabled", "features", "unavailable"),
			unsaid("guardduty:GetFindings", "oldest_high_finding")...)...)},
		{name: "listing refused", sections: map[string]string{"guardduty:ListDetectors error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{}, refused("guardduty:ListDetectors", "AccessDeniedException", "guardduty:ListDetectors",
				"enabled", "features", "unavailable", "open_high_findings", "oldest_high_finding")...)},
		{name: "detector refused", sections: map[string]string{"guardduty:GetDetector error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{OpenHighFindings: true, OldestHighFinding: made},
				refused("guardduty:GetDetector", "AccessDeniedException", "guardduty:GetDetector", "enabled", "features", "unavailable")...)},
		{name: "findings refused", sections: map[string]string{"guardduty:ListFindings error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{Enabled: true, Features: features},
				refused("guardduty:ListFindings", "AccessDeniedException", "guardduty:ListFindings", "open_high_findings", "oldest_high_finding")...)},
		{name: "finding refused", sections: map[string]string{"guardduty:GetFindings error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{Enabled: true, Features: features, OpenHighFindings: true},
				refused("guardduty:GetFindings", "AccessDeniedException", "guardduty:GetFindings", "oldest_high_finding")...)},
	})
}
