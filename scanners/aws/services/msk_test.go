package services

import (
	"testing"

	"posture/internal/posture"
)

func TestMSKClusters(t *testing.T) {
	cluster := func(name, id string, doc MSKCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:kafka:us-east-1:111122223333:cluster/" + name + "/" + id + "-1", Name: name, Doc: &doc, Unread: unread}
	}
	orders := cluster("orders", "1", MSKCluster{ClientTLSOnly: true, InClusterTLS: true, Authenticated: true, Version: "K1"})
	orders.Tags = map[string]string{"owner": "shop"}
	small, open := cluster("small", "2", MSKCluster{Serverless: true, Version: "K2"}), cluster("open", "3", MSKCluster{Public: true, Version: "K3"})
	second := func(rest string) map[string]string {
		return map[string]string{listMSKClusters + " nextToken=two": `{"clusterInfoList": [{"clusterName": "open", "clusterArn": "arn:aws:kafka:us-east-1:111122223333:cluster/open/3-1", "currentVersion": "K3"` + rest + `}]}`}
	}
	only := func(rest string) map[string]string {
		return second(`, "clusterType": "PROVISIONED", "provisioned": {"brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": "DISABLED"}}},
			"encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS", "inCluster": true}}` + rest + `}`)
	}
	plain := MSKCluster{ClientTLSOnly: true, InClusterTLS: true, Version: "K3"}
	proven := plain
	proven.Authenticated = true
	all := []string{"authenticated", "client_tls_only", "in_cluster_tls", "public"}
	testReading(t, "AWS::MSK::Cluster", []readingTest{
		{name: "as they are", want: []posture.Resource{open, orders, small}},
		{name: "nothing said of authentication", sections: only(""), want: []posture.Resource{cluster("open", "3", plain), orders, small}},
		{name: "by password", sections: only(`, "clientAuthentication": {"sasl": {"scram": {"enabled": true}}}`), want: []posture.Resource{cluster("open", "3", proven), orders, small}},
		{name: "by certificate, of old", sections: only(`, "clientAuthentication": {"tls": {"certificateAuthorityArnList": ["ca"]}}`), want: []posture.Resource{cluster("open", "3", proven), orders, small}},
		{name: "no kind", sections: second(""), want: []posture.Resource{cluster("open", "3", MSKCluster{Version: "K3"}, unsaid(listMSKClusters, append(all, "serverless")...)...), orders, small}},
		{name: "a new kind", sections: second(`, "clusterType": "MIRRORED"`), want: []posture.Resource{cluster("open", "3", MSKCluster{Version: "K3"}, append(unsaid(listMSKClusters, all...), unknownValue(listMSKClusters, "serverless")...)...), orders, small}},
		{name: "nothing said of it", sections: second(`, "clusterType": "PROVISIONED", "provisioned": {}`), want: []posture.Resource{cluster("open", "3", MSKCluster{Version: "K3"}, unsaid(listMSKClusters, "client_tls_only", "in_cluster_tls", "public")...), orders, small}},
		{name: "second page broken", sections: map[string]string{listMSKClusters + " nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{orders, small}, cause: brokenListing(listMSKClusters)},
	})
}

func TestMSKConnectors(t *testing.T) {
	connector := func(name, id string, doc MSKConnector, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:kafkaconnect:us-east-1:111122223333:connector/" + name + "/" + id, Name: name, Doc: &doc, Unread: unread}
	}
	orders, old := connector("orders", "1", MSKConnector{TLS: true}), connector("old", "2", MSKConnector{})
	orders.Tags, old.Tags = map[string]string{"owner": "shop"}, map[string]string{}
	unsaidOld := connector("old", "2", MSKConnector{}, unsaid(listMSKConnectors, "tls")...)
	unsaidOld.Tags = old.Tags
	testReading(t, "AWS::KafkaConnect::Connector", []readingTest{
		{name: "as they are", want: []posture.Resource{old, orders}},
		{name: "not said", sections: map[string]string{listMSKConnectors + " nextToken=two": `{"connectors": [{"connectorArn": "` + old.ID + `", "connectorName": "old"}]}`},
			want: []posture.Resource{unsaidOld, orders}},
		{name: "tags refused", sections: map[string]string{listMSKConnectorTags + " resourceArn=" + old.ID + " error=ForbiddenException status=403": ""},
			want: []posture.Resource{connector("old", "2", MSKConnector{}, refused(listMSKConnectorTags, "ForbiddenException", listMSKConnectorTags, "tags")...), orders}},
		{name: "second page broken", sections: map[string]string{listMSKConnectors + " nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{orders}, cause: brokenListing(listMSKConnectors)},
	})
}
