package services

import (
	"testing"

	"posture/internal/posture"
)

func TestSecurityHub(t *testing.T) {
	hub := func(doc SecurityHubHub, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:securityhub:us-east-1:111122223333:hub/default", Name: "Security Hub", Doc: &doc, Unread: unread}}
	}
	standards := []string{"arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0"}
	testReading(t, "AWS::SecurityHub::Hub", []readingTest{
		{name: "on", want: hub(SecurityHubHub{Enabled: true, Standards: standards})},
		{name: "off", sections: map[string]string{"securityhub:DescribeHub error=InvalidAccessException status=401": ""}, want: hub(SecurityHubHub{})},
		{name: "refused", sections: map[string]string{"securityhub:DescribeHub error=AccessDeniedException": ""},
			want: hub(SecurityHubHub{}, refused("securityhub:DescribeHub", "AccessDeniedException", "securityhub:DescribeHub", "enabled", "standards")...)},
		{name: "standards refused", sections: map[string]string{"securityhub:GetEnabledStandards error=AccessDeniedException": ""},
			want: hub(SecurityHubHub{Enabled: true}, refused("securityhub:GetEnabledStandards", "AccessDeniedException", "securityhub:GetEnabledStandards", "standards")...)},
	})
}
