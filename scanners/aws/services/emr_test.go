package services

import (
	"testing"

	"posture/internal/posture"
)

func TestEMRClusters(t *testing.T) {
	cluster := func(id, name string, doc EMRCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:elasticmapreduce:us-east-1:111122223333:cluster/" + id, Name: name, Doc: &doc, Unread: unread}
	}
	analysts := cluster("j-1", "analysts", EMRCluster{Kerberos: true})
	analysts.Tags = map[string]string{"owner": "shop"}
	nightly := cluster("j-2", "nightly", EMRCluster{Transient: true, PublicMaster: true})
	testReading(t, "AWS::EMR::Cluster", []readingTest{
		{name: "as they are", want: []posture.Resource{analysts, nightly}},
		{name: "nothing said of it", sections: map[string]string{describeEMRCluster + " ClusterId=j-2": `{"Cluster": {"Id": "j-2"}}`, listEMRInstances + " ClusterId=j-2": `{"Instances": []}`},
			want: []posture.Resource{analysts, cluster("j-2", "nightly", EMRCluster{}, unsaid(describeEMRCluster, "public_master", "transient")...)}},
		{name: "no node told", sections: map[string]string{listEMRInstances + " ClusterId=j-2 InstanceFleetType=MASTER": `{"Instances": []}`},
			want: []posture.Resource{analysts, cluster("j-2", "nightly", EMRCluster{Transient: true}, unsaid(listEMRInstances, "public_master")...)}},
		{name: "refused", sections: map[string]string{describeEMRCluster + " ClusterId=j-2 error=AccessDeniedException": ""},
			want: []posture.Resource{analysts, cluster("j-2", "nightly", EMRCluster{}, refused(describeEMRCluster, "AccessDeniedException", describeEMRCluster, emrFields...)...)}},
		{name: "nodes refused", sections: map[string]string{listEMRInstances + " ClusterId=j-2 InstanceFleetType=MASTER error=AccessDeniedException": ""},
			want: []posture.Resource{analysts, cluster("j-2", "nightly", EMRCluster{Transient: true}, refused(listEMRInstances, "AccessDeniedException", listEMRInstances, "public_master")...)}},
		{name: "no cluster in the answer", sections: map[string]string{describeEMRCluster + " ClusterId=j-2": `{"ResultMetadata": {}}`},
			want: []posture.Resource{analysts, cluster("j-2", "nightly", EMRCluster{}, unsaid(describeEMRCluster, emrFields...)...)}},
		{name: "second page broken", sections: map[string]string{listEMRClusters + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{analysts}, cause: brokenListing(listEMRClusters)},
	})
}

func TestEMRSecurityConfigurations(t *testing.T) {
	configuration := func(name string, doc EMRSecurityConfiguration, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:elasticmapreduce:us-east-1:111122223333:securityconfiguration/" + name, Name: name, Doc: &doc, Unread: unread}
	}
	good, kerberos := configuration("good", EMRSecurityConfiguration{AtRest: true, InTransit: true}), configuration("kerberos", EMRSecurityConfiguration{})
	broken := configuration("kerberos", EMRSecurityConfiguration{}, []posture.Unread{
		{Field: "at_rest", Cause: posture.Cause{Reason: posture.Malformed, Operation: describeEMRSecurity}},
		{Field: "in_transit", Cause: posture.Cause{Reason: posture.Malformed, Operation: describeEMRSecurity}}}...)
	said := func(answer string) map[string]string {
		return map[string]string{describeEMRSecurity + " Name=kerberos": answer}
	}
	testReading(t, "AWS::EMR::SecurityConfiguration", []readingTest{
		{name: "as they are", want: []posture.Resource{good, kerberos}},
		{name: "one of both", sections: said(`{"SecurityConfiguration": "{\"EncryptionConfiguration\":{\"EnableInTransitEncryption\":true,\"EnableAtRestEncryption\":false}}"}`),
			want: []posture.Resource{good, configuration("kerberos", EMRSecurityConfiguration{InTransit: true})}},
		{name: "no JSON", sections: said(`{"SecurityConfiguration": "{"}`), want: []posture.Resource{good, broken}},
		{name: "not a yes or no", sections: said(`{"SecurityConfiguration": "{\"EncryptionConfiguration\":{\"EnableAtRestEncryption\":\"true\"}}"}`), want: []posture.Resource{good, broken}},
		{name: "no text", sections: said(`{"Name": "kerberos"}`), want: []posture.Resource{good, configuration("kerberos", EMRSecurityConfiguration{}, unsaid(describeEMRSecurity, "at_rest", "in_transit")...)}},
		{name: "refused", sections: map[string]string{describeEMRSecurity + " Name=kerberos error=AccessDeniedException": ""},
			want: []posture.Resource{good, configuration("kerberos", EMRSecurityConfiguration{}, refused(describeEMRSecurity, "AccessDeniedException", describeEMRSecurity, "at_rest", "in_transit")...)}},
	})
}

func TestEMRBlockPublicAccess(t *testing.T) {
	block := func(doc EMRBlockPublicAccess, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:elasticmapreduce:us-east-1:111122223333:blockpublicaccess", Name: "EMR block public access in us-east-1", Doc: &doc, Unread: unread}}
	}
	testReading(t, "AWS::EMR::BlockPublicAccess", []readingTest{
		{name: "as it comes", want: block(EMRBlockPublicAccess{Blocks: true, Exceptions: []EMRPorts{{From: 22, To: 22}}})},
		{name: "off, and one port", sections: map[string]string{emrBlock: `{"BlockPublicAccessConfiguration": {"BlockPublicSecurityGroupRules": false, "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 80}]}}`},
			want: block(EMRBlockPublicAccess{Exceptions: []EMRPorts{{From: 80, To: 80}}})},
		{name: "not said", sections: map[string]string{emrBlock: `{"BlockPublicAccessConfigurationMetadata": {"CreatedByArn": "x"}}`}, want: block(EMRBlockPublicAccess{}, unsaid(emrBlock, "blocks", "exceptions")...)},
		{name: "refused", sections: map[string]string{emrBlock + " error=AccessDeniedException": ""}, want: block(EMRBlockPublicAccess{}, refused(emrBlock, "AccessDeniedException", emrBlock, "blocks", "exceptions")...)},
	})
}
