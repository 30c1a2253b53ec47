package services

import (
	"testing"

	"posture/internal/posture"
)

func TestHostedZones(t *testing.T) {
	zone := func(id, name string, doc HostedZone, unread ...posture.Unread) posture.Resource {
		return posture.Resource{Region: posture.Global, ID: "arn:aws:route53:::hostedzone/" + id, Name: name, Doc: &doc, Unread: unread}
	}
	logged, plain, private := zone("Z1", "example.com", HostedZone{QueryLogs: true}), zone("Z2", "example.net", HostedZone{}), zone("Z3", "internal", HostedZone{Private: true})
	logged.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::Route53::HostedZone", []readingTest{
		{name: "as they are", want: []posture.Resource{logged, plain, private}},
		{name: "configurations refused", sections: map[string]string{listQueryLogs + " nexttoken=two error=AccessDenied": ""}, want: []posture.Resource{
			{Region: posture.Global, ID: logged.ID, Name: "example.com", Tags: logged.Tags, Doc: &HostedZone{}, Unread: refused(listQueryLogs, "AccessDenied", listQueryLogs, "query_logs")},
			zone("Z2", "example.net", HostedZone{}, refused(listQueryLogs, "AccessDenied", listQueryLogs, "query_logs")...),
			zone("Z3", "internal", HostedZone{Private: true}, refused(listQueryLogs, "AccessDenied", listQueryLogs, "query_logs")...)}},
		{name: "tags refused", sections: map[string]string{listZoneTags + " error=AccessDenied": ""}, want: []posture.Resource{
			zone("Z1", "example.com", HostedZone{QueryLogs: true}, refused(listZoneTags, "AccessDenied", listZoneTags, "tags")...),
			zone("Z2", "example.net", HostedZone{}, refused(listZoneTags, "AccessDenied", listZoneTags, "tags")...), zone("Z3", "internal", HostedZone{Private: true}, refused(listZoneTags, "AccessDenied", listZoneTags, "tags")...)}},
		{name: "tags of one are missing", sections: map[string]string{listZoneTags: `<ListTagsForResourcesResponse><ResourceTagSets><ResourceTagSet><ResourceId>Z1</ResourceId><Tags><Tag><Key>owner</Key><Value>shop</Value></Tag></Tags></ResourceTagSet><ResourceTagSet><ResourceId>Z3</ResourceId></ResourceTagSet></ResourceTagSets></ListTagsForResourcesResponse>`},
			want: []posture.Resource{logged, zone("Z2", "example.net", HostedZone{}, unsaid(listZoneTags, "tags")...), private}},
		{name: "not said whether it is private", sections: map[string]string{listHostedZones + " marker=Z2": `<ListHostedZonesResponse><HostedZones><HostedZone><Id>/hostedzone/Z2</Id><Name>example.net.</Name></HostedZone></HostedZones><IsTruncated>false</IsTruncated></ListHostedZonesResponse>`},
			want: []posture.Resource{logged, zone("Z2", "example.net", HostedZone{}, unsaid(listHostedZones, "private")...)}},
		{name: "second page broken", sections: map[string]string{listHostedZones + " marker=Z2 error=InternalError status=500": ""}, want: []posture.Resource{logged}, cause: brokenListing(listHostedZones)},
	})
}
