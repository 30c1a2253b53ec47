package services

import (
	"testing"

	"posture/internal/posture"
)

func TestOpenSearchDomains(t *testing.T) {
	domain := func(name string, tags map[string]string, doc OpenSearchDomain, unread ...posture.Unread) posture.Resource {
		doc.EngineVersion, doc.InstanceType, doc.DataNodes, doc.Zones, doc.TLSPolicy = "OpenSearch_2.11", "t3.small.search", 1, 1, "Policy-Min-TLS-1-0-2019-07"
		if name == "role" {
			doc = OpenSearchDomain{EngineVersion: "Elasticsearch_7.10", AuditLogs: true, ErrorLogs: true, InstanceType: "r6g.large.search", DataNodes: 3, MasterNodes: 3, Zones: 3, Encrypted: true, NodesEncrypt: true, HTTPSOnly: true, TLSPolicy: "Policy-Min-TLS-1-2-2019-07"}
		}
		return posture.Resource{ID: "arn:aws:es:us-east-1:111122223333:domain/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	tags := map[string]string{"owner": "shop"}
	asks, inside := domain("asks", nil, OpenSearchDomain{}), domain("inside", nil, OpenSearchDomain{InVPC: true, Public: true, PublicBy: byStatement1})
	open, role, sixth := domain("open", tags, OpenSearchDomain{Public: true, PublicBy: byStatement1}), domain("role", nil, OpenSearchDomain{}), domain("sixth", nil, OpenSearchDomain{})
	testReading(t, "AWS::OpenSearchService::Domain", []readingTest{
		{name: "as they are", want: []posture.Resource{asks, inside, open, role, sixth}},
		{name: "a policy that is none", sections: map[string]string{"es:DescribeDomains DomainNames.1=sixth": `{"DomainStatusList": [{"ARN": "arn:aws:es:us-east-1:111122223333:domain/sixth", "DomainId": "1/sixth", "DomainName": "sixth", "EngineVersion": "OpenSearch_2.11", "EncryptionAtRestOptions": {"Enabled": false}, "NodeToNodeEncryptionOptions": {"Enabled": false}, "DomainEndpointOptions": {"EnforceHTTPS": false, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"}, "ClusterConfig": {"InstanceType": "t3.small.search", "InstanceCount": 1, "DedicatedMasterEnabled": false, "ZoneAwarenessEnabled": false}, "AccessPolicies": "{"}]}`},
			want: []posture.Resource{asks, inside, open, role, domain("sixth", nil, OpenSearchDomain{}, unclear("es:DescribeDomains", "public", "public_by")...)}},
		{name: "neither version nor encryption", sections: map[string]string{"es:DescribeDomains DomainNames.1=sixth": `{"DomainStatusList": [{"ARN": "arn:aws:es:us-east-1:111122223333:domain/sixth", "DomainId": "1/sixth", "DomainName": "sixth", "AccessPolicies": "", "ClusterConfig": {"InstanceType": "t3.small.search", "InstanceCount": 4, "DedicatedMasterEnabled": false, "ZoneAwarenessEnabled": true}}]}`},
			want: []posture.Resource{asks, inside, open, role, {ID: sixth.ID, Name: "sixth", Doc: &OpenSearchDomain{InstanceType: "t3.small.search", DataNodes: 4, Zones: 2}, Unread: unsaid("es:DescribeDomains", "encrypted", "engine_version", "https_only", "nodes_encrypt", "tls_policy")}}},
		{name: "no nodes", sections: map[string]string{"es:DescribeDomains DomainNames.1=sixth": `{"DomainStatusList": [{"ARN": "arn:aws:es:us-east-1:111122223333:domain/sixth", "DomainId": "1/sixth", "DomainName": "sixth", "AccessPolicies": "", "EngineVersion": "OpenSearch_2.11", "EncryptionAtRestOptions": {"Enabled": false}, "NodeToNodeEncryptionOptions": {"Enabled": false}, "DomainEndpointOptions": {"EnforceHTTPS": false, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"}}]}`},
			want: []posture.Resource{asks, inside, open, role, {ID: sixth.ID, Name: "sixth", Doc: &OpenSearchDomain{EngineVersion: "OpenSearch_2.11", Zones: 1, TLSPolicy: "Policy-Min-TLS-1-0-2019-07"}, Unread: unsaid("es:DescribeDomains", "data_nodes", "instance_type", "master_nodes", "zones")}}},
		{name: "tags refused", sections: map[string]string{"es:ListTags ARN=arn:aws:es:us-east-1:111122223333:domain/open error=AccessDeniedException status=403": ""},
			want: []posture.Resource{asks, inside, domain("open", nil, OpenSearchDomain{Public: true, PublicBy: byStatement1}, refused("es:ListTags", "AccessDeniedException", "es:ListTags", "tags")...), role, sixth}},
		{name: "one is not described", sections: map[string]string{"es:DescribeDomains DomainNames.1=sixth": `{"DomainStatusList": []}`},
			want: []posture.Resource{asks, inside, open, role}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: "es:DescribeDomains"}},
		{name: "the second call broken", sections: map[string]string{"es:DescribeDomains DomainNames.1=sixth error=InternalException status=500": ""},
			want: []posture.Resource{asks, inside, open, role}, cause: &posture.Cause{Reason: posture.Failed, Operation: "es:DescribeDomains", Code: "InternalException"}},
	})
}
