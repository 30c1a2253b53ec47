package services

import (
	"testing"

	"posture/internal/posture"
)

func TestECRRepositories(t *testing.T) {
	repository := func(name string, tags map[string]string, doc ECRRepository, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:ecr:us-east-1:111122223333:repository/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	bad, own := repository("bad", nil, ECRRepository{Public: true, PublicBy: []string{"statement pull: everybody is let in without a condition"}, PublicByAnalyzer: true}), repository("own", nil, ECRRepository{PublicByAnalyzer: true})
	tags := map[string]string{"owner": "shop"}
	web := repository("shop/web", tags, ECRRepository{})
	testReading(t, "AWS::ECR::Repository", []readingTest{
		{name: "as they are", want: []posture.Resource{bad, own, web}},
		{name: "policy refused", sections: map[string]string{"ecr:GetRepositoryPolicy RepositoryName=own error=AccessDeniedException": ""},
			want: []posture.Resource{bad, repository("own", nil, ECRRepository{PublicByAnalyzer: true}, refused("ecr:GetRepositoryPolicy", "AccessDeniedException", "ecr:GetRepositoryPolicy", "public", "public_by")...), web}},
		{name: "a policy that is none", sections: map[string]string{"ecr:GetRepositoryPolicy RepositoryName=own": `{"policyText": "{"}`},
			want: []posture.Resource{bad, repository("own", nil, ECRRepository{PublicByAnalyzer: true}, unclear("ecr:GetRepositoryPolicy", "public", "public_by")...), web}},
		{name: "tags refused", sections: map[string]string{"ecr:ListTagsForResource ResourceArn=arn:aws:ecr:us-east-1:111122223333:repository/shop/web error=AccessDeniedException": ""},
			want: []posture.Resource{bad, own, repository("shop/web", nil, ECRRepository{}, refused("ecr:ListTagsForResource", "AccessDeniedException", "ecr:ListTagsForResource", "tags")...)}},
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
