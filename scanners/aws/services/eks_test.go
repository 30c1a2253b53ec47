package services

import (
	"testing"

	"posture/internal/posture"
)

func TestEKSClusters(t *testing.T) {
	const list, describe = "eks:ListClusters", "eks:DescribeCluster"
	cluster := func(name string, doc EKSCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:eks:us-east-1:111122223333:cluster/" + name, Name: name, Doc: &doc, Unread: unread}
	}
	shop := cluster("shop", EKSCluster{Logs: []string{"api", "audit"}})
	shop.Tags = map[string]string{"owner": "shop"}
	office, silent := cluster("office", EKSCluster{Connected: true}), cluster("silent", EKSCluster{})
	testReading(t, "AWS::EKS::Cluster", []readingTest{
		{name: "two pages", want: []posture.Resource{office, shop, silent}},
		{name: "the answer does not say", sections: map[string]string{describe + " name=silent": `{"cluster": {"name": "silent"}}`},
			want: []posture.Resource{office, shop, cluster("silent", EKSCluster{}, unsaid(describe, "logs")...)}},
		{name: "one refused", sections: map[string]string{describe + " name=silent error=AccessDeniedException status=403": ""},
			want: []posture.Resource{office, shop, cluster("silent", EKSCluster{}, refused(describe, "AccessDeniedException", describe, "connected", "logs", "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=ServerException status=500": ""},
			want: []posture.Resource{shop}, cause: &posture.Cause{Reason: posture.Failed, Operation: list, Code: "ServerException"}},
	})
}
