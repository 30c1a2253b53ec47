package services

import (
	"testing"

	"posture/internal/posture"
)

func TestGlueJobs(t *testing.T) {
	job := func(name string, doc GlueJob, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:glue:us-east-1:111122223333:job/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "nightly" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	nightly := GlueJob{Kind: "glueetl", ContinuousLogs: true, EncryptsOutput: true, EncryptsLogs: true, EncryptsBookmarks: true, LendsTo: lent("glue:StartJobRun")}
	rest := []posture.Resource{
		job("hourly", GlueJob{Kind: "glueetl", AlwaysLogs: true}), job("old", GlueJob{Kind: "gluestreaming"}), job("small", GlueJob{Kind: "pythonshell", AlwaysLogs: true}),
	}
	alone, plain := nightly, GlueJob{Kind: "glueetl", ContinuousLogs: true, LendsTo: nightly.LendsTo}
	alone.LendsTo = nil
	starts := lentEstate("glue:StartJobRun")
	deniedSecurity := refused("glue:GetSecurityConfigurations", "AccessDeniedException", "glue:GetSecurityConfigurations", ofGlueSecurity...)
	missing := []posture.Unread{}
	for _, field := range ofGlueSecurity {
		missing = append(missing, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.NotFound, Operation: "glue:GetSecurityConfigurations", Code: "a security configuration"}})
	}
	testReading(t, "AWS::Glue::Job", []readingTest{
		{name: "one lends its role", sections: starts, want: append([]posture.Resource{job("nightly", nightly)}, rest...)},
		{name: "nobody may start one", sections: lentEstate("glue:GetJobs"), want: append([]posture.Resource{job("nightly", alone)}, rest...)},
		{name: "security configurations refused", sections: and(starts, "glue:GetSecurityConfigurations error=AccessDeniedException", ""),
			want: []posture.Resource{job("nightly", plain, deniedSecurity...), rest[0], job("old", GlueJob{Kind: "gluestreaming"}, deniedSecurity...), rest[2]}},
		{name: "a security configuration that is gone", sections: and(starts, "glue:GetSecurityConfigurations NextToken=two", `{"SecurityConfigurations": []}`),
			want: append([]posture.Resource{job("nightly", plain, missing...)}, rest...)},
		{name: "no more than a name, and a version nobody knows", sections: map[string]string{"glue:GetJobs": `{"Jobs": [{"Name": "small"}, {"Name": "old", "Role": "gone", "Command": {"Name": "glueetl"}, "GlueVersion": "next"}]}`},
			want: []posture.Resource{job("small", GlueJob{}, unsaid("glue:GetJobs", "always_logs", "kind", "lends_to")...), job("old", GlueJob{Kind: "glueetl"}, unknownValue("glue:GetJobs", "always_logs")...)}},
		{name: "tags refused", sections: and(starts, "glue:GetTags ResourceArn=arn:aws:glue:us-east-1:111122223333:job/hourly error=AccessDeniedException", ""),
			want: []posture.Resource{job("nightly", nightly), job("hourly", GlueJob{Kind: "glueetl", AlwaysLogs: true}, refused("glue:GetTags", "AccessDeniedException", "glue:GetTags", "tags")...), rest[1], rest[2]}},
		{name: "second page broken", sections: and(starts, "glue:GetJobs NextToken=two error=InternalError status=500", ""),
			want: []posture.Resource{job("nightly", nightly)}, cause: brokenListing("glue:GetJobs")},
	})
}

func TestGlueDevEndpoints(t *testing.T) {
	endpoint := func(name string, doc GlueDevEndpoint, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:glue:us-east-1:111122223333:devEndpoint/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "lab" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	lab, class := GlueDevEndpoint{LendsTo: lent("glue:UpdateDevEndpoint")}, endpoint("class", GlueDevEndpoint{})
	updates := lentEstate("glue:UpdateDevEndpoint")
	testReading(t, "AWS::Glue::DevEndpoint", []readingTest{
		{name: "one lends its role", sections: updates, want: []posture.Resource{endpoint("lab", lab), class}},
		{name: "no role is answered", sections: and(updates, "glue:GetDevEndpoints", `{"DevEndpoints": [{"EndpointName": "lab"}]}`),
			want: []posture.Resource{endpoint("lab", GlueDevEndpoint{}, unsaid("glue:GetDevEndpoints", "lends_to")...)}},
		{name: "second page broken", sections: and(updates, "glue:GetDevEndpoints NextToken=two error=InternalError status=500", ""),
			want: []posture.Resource{endpoint("lab", lab)}, cause: brokenListing("glue:GetDevEndpoints")},
	})
}

func TestGlueCatalogEncryption(t *testing.T) {
	catalog := func(doc GlueCatalogEncryption, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:glue:us-east-1:111122223333:catalog", Name: "Data Catalog in us-east-1", Doc: &doc, Unread: unread}}
	}
	const settings = "glue:GetDataCatalogEncryptionSettings"
	testReading(t, "AWS::Glue::DataCatalogEncryptionSettings", []readingTest{
		{name: "encrypted", want: catalog(GlueCatalogEncryption{Metadata: true, Passwords: true})},
		{name: "as AWS makes it", sections: map[string]string{settings: `{"DataCatalogEncryptionSettings": {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}, "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": false}}}`},
			want: catalog(GlueCatalogEncryption{})},
		{name: "says nothing", sections: map[string]string{settings: `{"DataCatalogEncryptionSettings": {}}`},
			want: catalog(GlueCatalogEncryption{}, unsaid(settings, "metadata", "passwords")...)},
	})
}
