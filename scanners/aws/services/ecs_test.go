package services

import (
	"testing"

	"posture/internal/posture"
)

func TestECSTaskDefinitions(t *testing.T) {
	const list, describe = "ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition"
	family := func(name string, doc ECSTaskDefinition, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:ecs:us-east-1:111122223333:task-definition/" + name, Name: name, Doc: &doc, Unread: unread}
	}
	web := family("web", ECSTaskDefinition{})
	web.Tags = map[string]string{"owner": "shop"}
	jobs := family("jobs", ECSTaskDefinition{ContainersWithoutLogs: []string{"app", "proxy"}, CredentialInEnvironment: true})
	fields := []string{"containers_without_logs", "credential_in_environment"}
	testReading(t, "AWS::ECS::TaskDefinition", []readingTest{
		{name: "two pages", want: []posture.Resource{jobs, web}},
		{name: "an empty definition", sections: map[string]string{describe + " taskDefinition=jobs": `{"taskDefinition": {"family": "jobs"}}`},
			want: []posture.Resource{family("jobs", ECSTaskDefinition{}, unsaid(describe, fields...)...), web}},
		{name: "one refused", sections: map[string]string{describe + " taskDefinition=jobs error=AccessDeniedException": ""},
			want: []posture.Resource{family("jobs", ECSTaskDefinition{}, refused(describe, "AccessDeniedException", describe, append(fields, "tags")...)...), web}},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=ServerException status=500": ""},
			want: []posture.Resource{web}, cause: &posture.Cause{Reason: posture.Failed, Operation: list, Code: "ServerException"}},
	})
}
