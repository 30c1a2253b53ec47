package services

import (
	"testing"

	"posture/internal/posture"
)

func TestRDSAccountQuotas(t *testing.T) {
	quotas := func(doc RDSAccountQuotas, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:rds:us-east-1:111122223333:quotas", Name: "RDS quotas in us-east-1", Doc: &doc, Unread: unread}}
	}
	answer := func(quotas string) map[string]string {
		return map[string]string{rdsAttributes: "<AccountQuotas>" + quotas + "</AccountQuotas>"}
	}
	testReading(t, "AWS::RDS::AccountQuotas", []readingTest{
		{name: "as they are", want: quotas(RDSAccountQuotas{Quotas: []RDSQuota{{"DBInstances", 38, 40}, {"AllocatedStorage", 400, 100000}}})},
		{name: "one without a limit", sections: answer(`<AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>4</Used></AccountQuota>`),
			want: quotas(RDSAccountQuotas{Quotas: []RDSQuota{{"DBInstances", 4, 0}}}, unsaid(rdsAttributes, "quotas")...)},
		{name: "none", sections: answer(""), want: quotas(RDSAccountQuotas{}, unsaid(rdsAttributes, "quotas")...)},
		{name: "refused", sections: map[string]string{rdsAttributes + " error=AccessDenied": ""}, want: quotas(RDSAccountQuotas{}, refused(rdsAttributes, "AccessDenied", rdsAttributes, "quotas")...)},
	})
}
