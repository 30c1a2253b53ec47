package services

import (
	"testing"

	"posture/internal/posture"
)

func TestLogGroups(t *testing.T) {
	forever := posture.Resource{ID: "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/orders", Name: "/aws/lambda/orders", Doc: &LogGroup{Class: "STANDARD", NeverExpires: true}}
	trail := posture.Resource{ID: "arn:aws:logs:us-east-1:111122223333:log-group:trail", Name: "trail",
		Doc: &LogGroup{Class: "STANDARD", RetentionDays: 400, KMSKey: "arn:aws:kms:us-east-1:111122223333:key/logs"}}
	testReading(t, "AWS::Logs::LogGroup", []readingTest{
		{name: "two pages", want: []posture.Resource{forever, trail}},
		{name: "a class that passes events on", sections: map[string]string{"logs:DescribeLogGroups nextToken=two": `{"logGroups": [{"logGroupName": "passing",
			"logGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:passing", "logGroupClass": "DELIVERY", "retentionInDays": 2}]}`},
			want: []posture.Resource{forever, {ID: "arn:aws:logs:us-east-1:111122223333:log-group:passing", Name: "passing", Doc: &LogGroup{Class: "DELIVERY", RetentionDays: 2}}}},
		{name: "second page broken", sections: map[string]string{"logs:DescribeLogGroups nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{forever}, cause: brokenListing("logs:DescribeLogGroups")},
	})
}
