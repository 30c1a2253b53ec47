package services

import (
	"testing"

	"posture/internal/posture"
)

func TestOpenSearchCollections(t *testing.T) {
	collection := func(id, name string, doc OpenSearchCollection, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:aoss:us-east-1:111122223333:collection/" + id, Name: name, Doc: &doc, Unread: unread}
		if name == "good" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	good := OpenSearchCollection{CustomerKey: true, StandbyReplicas: true}
	open := collection("c2", "open-1", OpenSearchCollection{PublicEndpoint: true, PublicDashboards: true, OpenData: true})
	const network, access, batch = "aoss:GetSecurityPolicy", "aoss:GetAccessPolicy", "aoss:BatchGetCollection"
	denied := refused(network, "AccessDeniedException", network, ofCollectionNetwork...)
	testReading(t, "AWS::OpenSearchServerless::Collection", []readingTest{
		{name: "as they are", want: []posture.Resource{collection("c1", "good", good), open}},
		{name: "a network policy refused", sections: map[string]string{network + " name=private error=AccessDeniedException": ""},
			want: []posture.Resource{collection("c1", "good", good, denied...), open}},
		{name: "a network policy that does not say who", sections: map[string]string{network + " name=private": `{"securityPolicyDetail": {"policy": [{"Rules": [{"ResourceType": "collection", "Resource": ["collection/*"]}]}]}}`},
			want: []posture.Resource{collection("c1", "good", good, unclear(network, ofCollectionNetwork...)...), open}},
		{name: "an access policy that nobody understands", sections: map[string]string{access + " name=named": `{"accessPolicyDetail": {"policy": "all"}}`},
			want: []posture.Resource{collection("c1", "good", good, unclear(access, "open_data")...), open}},
		{name: "principals of any account", sections: map[string]string{access + " name=named": `{"accessPolicyDetail": {"policy": [{"Rules": [{"ResourceType": "collection", "Resource": ["collection/go*"]}], "Principal": ["arn:aws:iam::*:role/search"]}]}}`},
			want: []posture.Resource{collection("c1", "good", OpenSearchCollection{CustomerKey: true, StandbyReplicas: true, OpenData: true}), open}},
		{name: "no more than an id", sections: map[string]string{batch + " ids.1=c1": `{"collectionDetails": [{"id": "c1", "name": "good", "arn": "arn:aws:aoss:us-east-1:111122223333:collection/c1"}]}`},
			want: []posture.Resource{collection("c1", "good", OpenSearchCollection{}, unsaid(batch, "customer_key", "standby_replicas")...), open}},
		{name: "one is not described", sections: map[string]string{batch + " ids.1=c2": `{"collectionDetails": []}`},
			want: []posture.Resource{collection("c1", "good", good)}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: batch}},
		{name: "second page broken", sections: map[string]string{"aoss:ListCollections nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{collection("c1", "good", good)}, cause: brokenListing("aoss:ListCollections")},
	})
}
