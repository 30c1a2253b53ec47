package services

import (
	"maps"
	"strings"
	"testing"

	"posture/internal/posture"
)

func TestECRRepositories(t *testing.T) {
	repository := func(name string, tags map[string]string, doc ECRRepository, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:ecr:us-east-1:111122223333:repository/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	badDoc := ECRRepository{Public: true, PublicBy: []string{"statement pull: everybody is let in without a condition"}, PublicByAnalyzer: true, TagMutability: "MUTABLE", NewestImage: "sha256:11", NewestScan: "none"}
	ownDoc := ECRRepository{PublicByAnalyzer: true, TagMutability: "IMMUTABLE_WITH_EXCLUSION", Scanned: true, NewestScan: "none"}
	webDoc := ECRRepository{TagMutability: "IMMUTABLE", Scanned: true, NewestImage: "sha256:02", NewestScan: "done", CriticalFindings: 2}
	bad, own := repository("bad", nil, badDoc), repository("own", nil, ownDoc)
	tags := map[string]string{"owner": "shop"}
	web := repository("shop/web", tags, webDoc)
	testReading(t, "AWS::ECR::Repository", []readingTest{
		{name: "as they are", want: []posture.Resource{bad, own, web}},
		{name: "policy refused", sections: map[string]string{"ecr:GetRepositoryPolicy RepositoryName=own error=AccessDeniedException": ""},
			want: []posture.Resource{bad, repository("own", nil, ownDoc, refused("ecr:GetRepositoryPolicy", "AccessDeniedException", "ecr:GetRepositoryPolicy", "public", "public_by")...), web}},
		{name: "a policy that is none", sections: map[string]string{"ecr:GetRepositoryPolicy RepositoryName=own": `{"policyText": "{"}`},
			want: []posture.Resource{bad, repository("own", nil, ownDoc, unclear("ecr:GetRepositoryPolicy", "public", "public_by")...), web}},
		{name: "tags refused", sections: map[string]string{"ecr:ListTagsForResource ResourceArn=arn:aws:ecr:us-east-1:111122223333:repository/shop/web error=AccessDeniedException": ""},
			want: []posture.Resource{bad, own, repository("shop/web", nil, webDoc, refused("ecr:ListTagsForResource", "AccessDeniedException", "ecr:ListTagsForResource", "tags")...)}},
		{name: "second page broken", sections: map[string]string{"ecr:DescribeRepositories NextToken=two error=ServerException status=500": ""},
			want: []posture.Resource{web}, cause: &posture.Cause{Reason: posture.Failed, Operation: "ecr:DescribeRepositories", Code: "ServerException"}},
	})
}

func TestECRRegistryPolicy(t *testing.T) {
	registry := func(doc ECRRegistryPolicy, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:ecr:us-east-1:111122223333:registry-policy", Name: "registry policy in us-east-1", Doc: &doc, Unread: unread}}
	}
	testReading(t, "AWS::ECR::RegistryPolicy", []readingTest{
		{name: "as it is", want: registry(ECRRegistryPolicy{OtherAccounts: []Admitted{{"444455556666", "statement copy"}}})},
		{name: "for anybody", sections: map[string]string{"ecr:GetRegistryPolicy": `{"policyText": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:ReplicateImage\",\"Resource\":\"*\"}]}"}`},
			want: registry(ECRRegistryPolicy{Public: true, PublicBy: byStatement1, OtherAccounts: []Admitted{{"*", "statement 1"}}})},
		{name: "none", sections: map[string]string{"ecr:GetRegistryPolicy error=RegistryPolicyNotFoundException": ""}, want: registry(ECRRegistryPolicy{})},
		{name: "refused", sections: map[string]string{"ecr:GetRegistryPolicy error=AccessDeniedException": ""},
			want: registry(ECRRegistryPolicy{}, refused("ecr:GetRegistryPolicy", "AccessDeniedException", "ecr:GetRegistryPolicy", sharedFields...)...)},
	})
}

func TestECRScans(t *testing.T) {
	const scanning, images, findings = "ecr:BatchGetRepositoryScanningConfiguration", "ecr:DescribeImages", "ecr:DescribeImageScanFindings"
	repository := func(doc ECRRepository, unread ...posture.Unread) []posture.Resource {
		doc.TagMutability = "MUTABLE"
		return []posture.Resource{{ID: "arn:aws:ecr:us-east-1:111122223333:repository/bad", Name: "bad", Doc: &doc, Unread: unread}}
	}
	alone := map[string]string{
		"ecr:DescribeRepositories": `{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/bad", "repositoryName": "bad", "imageTagMutability": "MUTABLE"}]}`,
		"ecr:GetRepositoryPolicy RepositoryName=bad error=RepositoryPolicyNotFoundException": "", "access-analyzer:ListFindingsV2": `{"findings": []}`,
	}
	with := func(section, answer string) map[string]string {
		sections := maps.Clone(alone)
		sections[section] = answer
		return sections
	}
	scan := func(status string) map[string]string {
		return with(findings+" repositoryName=bad", `{"imageScanStatus": {"status": "`+status+`"}}`)
	}
	doc := func(state string) ECRRepository { return ECRRepository{NewestImage: "sha256:11", NewestScan: state} }
	frequency := func(rest string) map[string]string {
		return with(scanning+" repositoryNames.1=bad", `{"scanningConfigurations": [{"repositoryName": "bad"`+rest+`}], "failures": []}`)
	}
	unread := func(cause posture.Cause) (all []posture.Unread) {
		for _, field := range newestFields {
			each := cause
			if cause.Reason == posture.NotAnswered {
				each.Field = field
			}
			all = append(all, posture.Unread{Field: field, Cause: each})
		}
		return all
	}
	testReading(t, "AWS::ECR::Repository", []readingTest{
		{name: "never scanned", sections: alone, want: repository(doc("none"))},
		{name: "failed", sections: scan("FAILED"), want: repository(doc("failed"))},
		{name: "too old to be scanned", sections: scan("SCAN_ELIGIBILITY_EXPIRED"), want: repository(doc("expired"))},
		{name: "nothing that can be scanned", sections: scan("UNSUPPORTED_IMAGE"), want: repository(doc("unsupported"))},
		{name: "under way", sections: scan("IN_PROGRESS"), want: repository(ECRRepository{NewestScan: "none"}, unread(posture.Cause{Reason: posture.NotAnswered, Operation: findings, Code: "scan under way"})...)},
		{name: "done without findings told", sections: scan("ACTIVE"), want: repository(ECRRepository{NewestScan: "none"}, unsaid(findings, newestFields...)...)},
		{name: "a new state", sections: scan("PAUSED"), want: repository(ECRRepository{NewestScan: "none"}, unknownValue(findings, newestFields...)...)},
		{name: "no state", sections: with(findings+" repositoryName=bad", `{"registryId": "111122223333"}`), want: repository(ECRRepository{NewestScan: "none"}, unsaid(findings, newestFields...)...)},
		{name: "none critical", sections: with(findings+" repositoryName=bad", `{"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"findingSeverityCounts": {"LOW": 7}}}`), want: repository(doc("done"))},
		{name: "images refused", sections: with(images+" repositoryName=bad error=AccessDeniedException", ""), want: repository(ECRRepository{}, refused(images, "AccessDeniedException", images, newestFields...)...)},
		{name: "an image without a time", sections: with(images+" repositoryName=bad", `{"imageDetails": [{"imageDigest": "sha256:11"}]}`), want: repository(ECRRepository{}, unsaid(images, newestFields...)...)},
		{name: "too many images", sections: with(images+" repositoryName=bad", `{"imageDetails": [`+strings.Repeat(`{"imageDigest": "sha256:11", "imagePushedAt": 1767225600},`, mostImages)+`{"imageDigest": "sha256:12", "imagePushedAt": 1767225600}]}`),
			want: repository(ECRRepository{}, unread(posture.Cause{Reason: posture.TooMuch, Operation: images, Code: "images"})...)},
		{name: "scanned on push", sections: frequency(`, "scanOnPush": true, "scanFrequency": "SCAN_ON_PUSH"`), want: repository(ECRRepository{Scanned: true, NewestImage: "sha256:11", NewestScan: "none"})},
		{name: "on push and by hand only", sections: frequency(`, "scanOnPush": true, "scanFrequency": "MANUAL"`),
			want: repository(doc("none"), posture.Unread{Field: "scanned", Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: scanning, Code: "scan frequency"}})},
		{name: "not said how often", sections: frequency(""), want: repository(doc("none"), unsaid(scanning, "scanned")...)},
		{name: "not among those asked for", sections: with(scanning+" repositoryNames.1=bad", `{"scanningConfigurations": [], "failures": [{"repositoryName": "bad", "failureCode": "REPOSITORY_NOT_FOUND"}]}`), want: repository(doc("none"), unsaid(scanning, "scanned")...)},
		{name: "scanning refused", sections: with(scanning+" repositoryNames.1=bad error=AccessDeniedException", ""), want: repository(doc("none"), refused(scanning, "AccessDeniedException", scanning, "scanned")...)},
	})
}
