package services

import (
	"testing"

	"posture/internal/posture"
)

func TestAppSyncAPIs(t *testing.T) {
	api := func(id, name, level string, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:appsync:us-east-1:111122223333:apis/" + id, Name: name, Doc: &AppSyncAPI{FieldLogLevel: level}, Unread: unread}
		if name == "good" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	good, bare := api("good1", "good", "ERROR"), api("bare1", "bare", "NONE")
	testReading(t, "AWS::AppSync::GraphQLApi", []readingTest{
		{name: "as they are", want: []posture.Resource{good, bare, api("half1", "half", "NONE")}},
		{name: "logs without a level", sections: map[string]string{"appsync:ListGraphqlApis nextToken=two": `{"graphqlApis": [{"name": "half", "arn": "arn:aws:appsync:us-east-1:111122223333:apis/half1", "logConfig": {"cloudWatchLogsRoleArn": "arn:aws:iam::111122223333:role/logs"}}]}`},
			want: []posture.Resource{good, api("half1", "half", "", unsaid("appsync:ListGraphqlApis", "field_log_level")...)}},
		{name: "second page broken", sections: map[string]string{"appsync:ListGraphqlApis nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{good}, cause: brokenListing("appsync:ListGraphqlApis")},
	})
}
