package services

import (
	"testing"

	"posture/internal/posture"
)

func TestRDSProxies(t *testing.T) {
	const list, tagged = "rds:DescribeDBProxies", "rds:ListTagsForResource"
	proxy := func(id, name string, doc RDSProxy, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:rds:us-east-1:111122223333:db-proxy:prx-" + id, Name: name, Doc: &doc, Unread: unread}
	}
	orders, reports := proxy("1", "orders", RDSProxy{RequiresTLS: true}), proxy("2", "reports", RDSProxy{})
	orders.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::RDS::DBProxy", []readingTest{
		{name: "two pages", want: []posture.Resource{orders, reports}},
		{name: "the answer does not say", sections: map[string]string{list + " Marker=two": `<DBProxies><member><DBProxyName>reports</DBProxyName><DBProxyArn>` + reports.ID + `</DBProxyArn></member></DBProxies>`},
			want: []posture.Resource{orders, proxy("2", "reports", RDSProxy{}, unsaid(list, "requires_tls")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " ResourceName=" + reports.ID + " error=AccessDenied": ""},
			want: []posture.Resource{orders, proxy("2", "reports", RDSProxy{}, refused(tagged, "AccessDenied", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{orders}, cause: brokenListing(list)},
	})
}
