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
	features := []string{"EKS_AUDIT_LOGS", "S3_DATA_EVENTS"}
	made := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	testReading(t, "AWS::GuardDuty::Detector", []readingTest{
		{name: "on", want: detector(GuardDutyDetector{Enabled: true, Features: features, OpenHighFindings: true, OldestHighFinding: made})},
		{name: "never set up", sections: map[string]string{"guardduty:ListDetectors": `{"detectorIds": []}`}, want: detector(GuardDutyDetector{})},
		{name: "suspended and quiet", sections: map[string]string{
			"guardduty:GetDetector":  `{"status": "DISABLED", "serviceRole": "x"}`,
			"guardduty:ListFindings": `{"findingIds": []}`,
		}, want: detector(GuardDutyDetector{})},
		{name: "listing refused", sections: map[string]string{"guardduty:ListDetectors error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{}, refused("guardduty:ListDetectors", "AccessDeniedException", "guardduty:ListDetectors",
				"enabled", "features", "open_high_findings", "oldest_high_finding")...)},
		{name: "detector refused", sections: map[string]string{"guardduty:GetDetector error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{OpenHighFindings: true, OldestHighFinding: made},
				refused("guardduty:GetDetector", "AccessDeniedException", "guardduty:GetDetector", "enabled", "features")...)},
		{name: "findings refused", sections: map[string]string{"guardduty:ListFindings error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{Enabled: true, Features: features},
				refused("guardduty:ListFindings", "AccessDeniedException", "guardduty:ListFindings", "open_high_findings", "oldest_high_finding")...)},
		{name: "finding refused", sections: map[string]string{"guardduty:GetFindings error=AccessDeniedException": ""},
			want: detector(GuardDutyDetector{Enabled: true, Features: features, OpenHighFindings: true},
				refused("guardduty:GetFindings", "AccessDeniedException", "guardduty:GetFindings", "oldest_high_finding")...)},
	})
}
