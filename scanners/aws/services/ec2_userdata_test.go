package services

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"testing"

	"posture/internal/posture"
)

func TestEC2LaunchTemplates(t *testing.T) {
	const list, versions = "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"
	template := func(id, name string, doc EC2LaunchTemplate, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: ec2Arn("launch-template/lt-" + id), Name: name, Doc: &doc, Unread: unread}
		if id == "1" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	web, nodes := template("1", "web", EC2LaunchTemplate{CredentialInUserData: true}), template("2", "nodes", EC2LaunchTemplate{Managed: true})
	fields := []string{"credential_in_user_data", "public_ip", "has_role", "lends_to"}
	second := refused(versions, "UnauthorizedOperation", versions, fields...)
	broken := posture.Unread{Field: "credential_in_user_data", Cause: posture.Cause{Reason: posture.Malformed, Operation: versions}}
	testReading(t, "AWS::EC2::LaunchTemplate", []readingTest{
		{name: "two pages", want: []posture.Resource{web, nodes}},
		{name: "versions broken off", sections: map[string]string{versions + " NextToken=two error=UnauthorizedOperation": ""},
			want: []posture.Resource{template("1", "web", EC2LaunchTemplate{}, second...), template("2", "nodes", EC2LaunchTemplate{Managed: true}, second...)}},
		{name: "a version without data, and none", sections: map[string]string{versions: `<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId></item></launchTemplateVersionSet>`},
			want: []posture.Resource{template("1", "web", EC2LaunchTemplate{}, unsaid(versions, fields...)...), template("2", "nodes", EC2LaunchTemplate{Managed: true}, unsaid(versions, fields...)...)}},
		{name: "a public address, before the versions broke off", sections: map[string]string{
			versions: `<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><launchTemplateData><networkInterfaceSet><item><deviceIndex>0</deviceIndex><associatePublicIpAddress>false</associatePublicIpAddress></item>
				<item><deviceIndex>1</deviceIndex><associatePublicIpAddress>true</associatePublicIpAddress></item></networkInterfaceSet></launchTemplateData></item></launchTemplateVersionSet><nextToken>two</nextToken>`,
			versions + " NextToken=two error=UnauthorizedOperation": ""},
			want: []posture.Resource{template("1", "web", EC2LaunchTemplate{PublicIP: true}, second[0], second[2], second[3]), template("2", "nodes", EC2LaunchTemplate{Managed: true}, second...)}},
		{name: "user data that is none", sections: map[string]string{versions + " NextToken=two": `<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><launchTemplateData><userData>?</userData></launchTemplateData></item>
			<item><launchTemplateId>lt-2</launchTemplateId><launchTemplateData/></item></launchTemplateVersionSet>`}, want: []posture.Resource{template("1", "web", EC2LaunchTemplate{}, broken), nodes}},
		{name: "a role, before the versions broke off", sections: map[string]string{
			versions: `<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><launchTemplateData><iamInstanceProfile><name>web</name></iamInstanceProfile></launchTemplateData></item></launchTemplateVersionSet><nextToken>two</nextToken>`,
			versions + " NextToken=two error=UnauthorizedOperation": ""},
			want: []posture.Resource{template("1", "web", EC2LaunchTemplate{HasRole: true}, second[0], second[1], second[3]), template("2", "nodes", EC2LaunchTemplate{Managed: true}, second...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{web}, cause: brokenListing(list)},
	})
}

func TestUserDataHoldsCredential(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                  false,
		"#!/bin/sh\nyum install -y nginx\n": false,
		"export DB_PASSWORD=hunter22":       true,
		"export DB_PASSWORD='hunter22'":     true,
		"db:\n  password: hunter22\n":       true,
		`{"db_password": "hunter22"}`:       true,
		`$Password = "hunter22"`:            true,
		"DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db)": false,
		"DB_PASSWORD=${PASSWORD}":                                               false,
		"DB_PASSWORD=`aws ssm get-parameter`":                                   false,
		"$Password = Get-SECSecretValue -SecretId db":                           false,
		"$Password = (Get-SSMParameter -Name db -WithDecryption $true).Value":   false,
		"$Password = ((Get-SECSecretValue -SecretId db).SecretString)":          false,
		"$Password = (aws secretsmanager get-secret-value --secret-id db)":      false,
		"$Password = (& ./password.exe)":                                        false,
		"$Password = [System.Web.Security.Membership]::GeneratePassword(16, 4)": false,
		`$Password = ConvertTo-SecureString "hunter22" -AsPlainText -Force`:     true,
		`$Password = [string]"hunter22"`:                                        true,
		`$Password = ("hunter22")`:                                              true,
		"db_password: (hunter22":                                                true,
		"password: arn:aws:secretsmanager:eu-1:1:secret:db":                     false,
		"git clone https://kim:hunter22@git.example.com/shop.git":               true,
		"aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE":              true,
	} {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{[]byte(text), zipped.Bytes()} {
			got, err := userDataHoldsCredential(base64.StdEncoding.EncodeToString(data))
			if got != want || err != nil {
				t.Errorf("%q: %v, %v, want %v", text, got, err, want)
			}
		}
	}
	var large bytes.Buffer
	w := gzip.NewWriter(&large)
	if _, err := w.Write(append(bytes.Repeat([]byte("\n"), 1<<20), "export DB_PASSWORD=hunter22"...)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if _, err := userDataHoldsCredential(base64.StdEncoding.EncodeToString(large.Bytes())); err == nil {
		t.Error("the beginning of an archive stands for all of it")
	}
	if _, err := userDataHoldsCredential("H4sI"); err == nil {
		t.Error("a broken archive is read")
	}
}
