package services

import (
	"slices"
	"testing"

	"posture/internal/posture"
)

func TestEKSClusters(t *testing.T) {
	const list, describe = "eks:ListClusters", "eks:DescribeCluster"
	cluster := func(name string, doc EKSCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:eks:us-east-1:111122223333:cluster/" + name, Name: name, Doc: &doc, Unread: unread}
	}
	const versions = "eks:DescribeClusterVersions"
	open := EKSCluster{PublicEndpoint: true, Version: "1.31", Support: "EXTENDED_SUPPORT"}
	shop := cluster("shop", EKSCluster{Logs: []string{"api", "audit"}, CustomerKey: true, Version: "1.34", Support: "STANDARD_SUPPORT"})
	shop.Tags = map[string]string{"owner": "shop"}
	unsupported := cluster("shop", EKSCluster{Logs: []string{"api", "audit"}, CustomerKey: true, Version: "1.34"}, refused(versions, "AccessDeniedException", versions, "support")...)
	unsupported.Tags = shop.Tags
	office := cluster("office", EKSCluster{Connected: true})
	const logs = `"logging": {"clusterLogging": [{"types": ["api"], "enabled": false}]}`
	answer := func(rest string) map[string]string {
		return map[string]string{describe + " name=silent": `{"cluster": {"name": "silent", ` + logs + `, ` + rest + `}}`}
	}
	is := func(doc EKSCluster, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{office, shop, cluster("silent", doc, unread...)}
	}
	testReading(t, "AWS::EKS::Cluster", []readingTest{
		{name: "two pages", want: is(open)},
		{name: "private", sections: answer(`"version": "1.34", "resourcesVpcConfig": {"endpointPublicAccess": false, "endpointPrivateAccess": true, "publicAccessCidrs": ["0.0.0.0/0"]}`),
			want: is(EKSCluster{Version: "1.34", Support: "STANDARD_SUPPORT"})},
		{name: "neither endpoint is on, so it does not say", sections: answer(`"version": "1.34", "resourcesVpcConfig": {"vpcId": "vpc-1"}`),
			want: is(EKSCluster{Version: "1.34", Support: "STANDARD_SUPPORT"}, unsaid(describe, "public_endpoint")...)},
		{name: "the internet in two halves", sections: answer(`"version": "1.34", "resourcesVpcConfig": {"endpointPublicAccess": true, "publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}`),
			want: is(EKSCluster{PublicEndpoint: true, Version: "1.34", Support: "STANDARD_SUPPORT"})},
		{name: "ranges that are not said", sections: answer(`"version": "1.34", "resourcesVpcConfig": {"endpointPublicAccess": true}`),
			want: is(EKSCluster{Version: "1.34", Support: "STANDARD_SUPPORT"}, unsaid(describe, "public_endpoint")...)},
		{name: "ranges that are none", sections: answer(`"version": "1.34", "resourcesVpcConfig": {"endpointPublicAccess": true, "publicAccessCidrs": ["office"]}`),
			want: is(EKSCluster{Version: "1.34", Support: "STANDARD_SUPPORT"}, posture.Unread{Field: "public_endpoint", Cause: posture.Cause{Reason: posture.Malformed, Operation: describe}})},
		{name: "on an Outpost", sections: answer(`"version": "1.34", "outpostConfig": {"outpostArns": ["arn:aws:outposts:us-east-1:111122223333:outpost/op-1"]}, "resourcesVpcConfig": {"endpointPublicAccess": false, "endpointPrivateAccess": true}`),
			want: is(EKSCluster{OnOutpost: true, Version: "1.34", Support: "STANDARD_SUPPORT"})},
		{name: "a version that is not listed", sections: answer(`"version": "1.99", "resourcesVpcConfig": {"endpointPublicAccess": false, "endpointPrivateAccess": true}`),
			want: is(EKSCluster{Version: "1.99"}, unsaid(versions, "support")...)},
		{name: "versions refused", sections: map[string]string{versions + " error=AccessDeniedException status=403": ""},
			want: []posture.Resource{office, unsupported, cluster("silent", EKSCluster{PublicEndpoint: true, Version: "1.31"}, refused(versions, "AccessDeniedException", versions, "support")...)}},
		{name: "the answer does not say", sections: map[string]string{describe + " name=silent": `{"cluster": {"name": "silent"}}`},
			want: is(EKSCluster{}, unsaid(describe, "logs", "public_endpoint", "support", "version")...)},
		{name: "one refused", sections: map[string]string{describe + " name=silent error=AccessDeniedException status=403": ""},
			want: is(EKSCluster{}, refused(describe, "AccessDeniedException", describe, append(slices.Clone(ofEKSCluster), "tags")...)...)},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=ServerException status=500": ""},
			want: []posture.Resource{shop}, cause: &posture.Cause{Reason: posture.Failed, Operation: list, Code: "ServerException"}},
	})
}
