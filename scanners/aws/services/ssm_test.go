package services

import (
	"testing"

	"posture/internal/posture"
)

func TestSSMManagedInstances(t *testing.T) {
	machine := func(id, name string, doc SSMManagedInstance, unread ...posture.Unread) posture.Resource {
		id = "arn:aws:ssm:us-east-1:111122223333:managed-instance/" + id
		if name == "" {
			name = id
		}
		return posture.Resource{ID: id, Name: name, Doc: &doc, Unread: unread}
	}
	bad, office := machine("i-bad", "", SSMManagedInstance{Patches: "NON_COMPLIANT"}), machine("mi-1", "office", SSMManagedInstance{Online: true})
	good := machine("i-good", "web.internal", SSMManagedInstance{Online: true, Patches: "COMPLIANT", Associations: "NON_COMPLIANT"})
	denied := refused(listCompliance, "AccessDeniedException", listCompliance, "associations", "patches")
	testReading(t, "AWS::SSM::ManagedInstance", []readingTest{
		{name: "as they are", want: []posture.Resource{bad, good, office}},
		{name: "compliance refused", sections: map[string]string{listCompliance + " NextToken=two error=AccessDeniedException": ""}, want: []posture.Resource{
			machine("i-bad", "", SSMManagedInstance{}, denied...), machine("i-good", "web.internal", SSMManagedInstance{Online: true}, denied...), machine("mi-1", "office", SSMManagedInstance{Online: true}, denied...)}},
		{name: "a new state", sections: map[string]string{listCompliance: `{"ResourceComplianceSummaryItems": [{"ComplianceType": "Patch", "ResourceId": "i-good", "Status": "PENDING"}]}`}, want: []posture.Resource{
			machine("i-bad", "", SSMManagedInstance{}), machine("i-good", "web.internal", SSMManagedInstance{Online: true, Patches: "PENDING"}, unknownValue(listCompliance, "patches")...), office}},
		{name: "not said whether it answers", sections: map[string]string{describeManaged + " NextToken=two": `{"InstanceInformationList": [{"InstanceId": "mi-1", "Name": "office"}]}`},
			want: []posture.Resource{good, machine("mi-1", "office", SSMManagedInstance{}, unsaid(describeManaged, "online")...)}},
		{name: "second page broken", sections: map[string]string{describeManaged + " NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{good}, cause: brokenListing(describeManaged)},
	})
}

// TestSSMPing says how instances of EC2's are reached.
func TestSSMPing(t *testing.T) {
	for name, test := range map[string]struct {
		sections map[string]string
		want     map[string]string
		unread   bool // of i-elastic, which is not managed
	}{
		"as they are": {want: map[string]string{"i-good": "Online", "i-bad": "ConnectionLost", "i-elastic": ""}},
		"second page refused": {sections: map[string]string{describeManaged + " NextToken=two error=AccessDeniedException": ""},
			want: map[string]string{"i-good": "Online", "i-elastic": ""}, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			found := scanTypes(t, fixtures(t, test.sections), "AWS::EC2::Instance")
			for id, want := range test.want {
				r := found.get(t, ec2Arn("instance/"+id))
				if got := r.Doc.(*EC2Instance).SSMPing; got != want {
					t.Errorf("%s: %q, want %q", id, got, want)
				}
				unread := false
				for _, u := range r.Unread {
					unread = unread || u.Field == "ssm_ping"
				}
				if unread != (test.unread && want == "") {
					t.Errorf("%s: unread is %v", id, unread)
				}
			}
		})
	}
}

func TestSSMDocuments(t *testing.T) {
	document := func(name string, doc SSMDocument, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:ssm:us-east-1:111122223333:document/" + name, Name: name, Doc: &doc, Unread: unread}
	}
	install, open := document("install", SSMDocument{}), document("open", SSMDocument{Public: true})
	install.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::SSM::Document", []readingTest{
		{name: "as they are", want: []posture.Resource{install, open}},
		{name: "with many accounts", sections: map[string]string{documentPermission + " Name=open": `{"AccountIds": ["444455556666"], "NextToken": "more"}`},
			want: []posture.Resource{install, document("open", SSMDocument{}, posture.Unread{Field: "public", Cause: posture.Cause{Reason: posture.TooMuch, Operation: documentPermission, Code: "accounts"}})}},
		{name: "refused", sections: map[string]string{documentPermission + " Name=open error=AccessDeniedException": ""},
			want: []posture.Resource{install, document("open", SSMDocument{}, refused(documentPermission, "AccessDeniedException", documentPermission, "public")...)}},
		{name: "second page broken", sections: map[string]string{"ssm:ListDocuments NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{install}, cause: brokenListing("ssm:ListDocuments")},
	})
}

func TestSSMDocumentSharing(t *testing.T) {
	sharing := func(blocked bool, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:ssm:us-east-1:111122223333:servicesetting" + sharingSetting, Name: "public sharing of documents in us-east-1", Doc: &SSMDocumentSharing{PublicBlocked: blocked}, Unread: unread}}
	}
	setting := func(value string) map[string]string {
		return map[string]string{serviceSetting: `{"ServiceSetting": {"SettingId": "` + sharingSetting + `"` + value + `}}`}
	}
	testReading(t, "AWS::SSM::DocumentPublicSharing", []readingTest{
		{name: "blocked", want: sharing(true)},
		{name: "not blocked", sections: setting(`, "SettingValue": "Enable"`), want: sharing(false)},
		{name: "not said", sections: setting(""), want: sharing(false, unsaid(serviceSetting, "public_blocked")...)},
		{name: "a new value", sections: setting(`, "SettingValue": "Partly"`), want: sharing(false, unknownValue(serviceSetting, "public_blocked")...)},
		{name: "no setting", sections: map[string]string{serviceSetting: `{"ResultMetadata": {}}`}, want: sharing(false, unsaid(serviceSetting, "public_blocked")...)},
		{name: "refused", sections: map[string]string{serviceSetting + " error=AccessDeniedException": ""}, want: sharing(false, refused(serviceSetting, "AccessDeniedException", serviceSetting, "public_blocked")...)},
	})
}
