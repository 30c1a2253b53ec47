package services

import (
	"testing"

	"posture/internal/posture"
)

func TestLogsDestinations(t *testing.T) {
	destination := func(name string, doc LogsDestination, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:logs:us-east-1:111122223333:destination:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	central, own := destination("central", LogsDestination{OtherAccounts: []Admitted{{"444455556666", "statement 1"}}}), destination("own", LogsDestination{})
	testReading(t, "AWS::Logs::Destination", []readingTest{
		{name: "two pages", want: []posture.Resource{central, destination("open", LogsDestination{Public: true, PublicBy: byStatement1, OtherAccounts: []Admitted{{"*", "statement 1"}}}), own}},
		{name: "second page broken", sections: map[string]string{"logs:DescribeDestinations nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{central, own}, cause: brokenListing("logs:DescribeDestinations")},
		{name: "malformed policy", sections: map[string]string{"logs:DescribeDestinations": `{"destinations": [{"destinationName": "odd", "arn": "arn:aws:logs:us-east-1:111122223333:destination:odd", "accessPolicy": "{"}]}`},
			want: []posture.Resource{destination("odd", LogsDestination{}, unclear("logs:DescribeDestinations", sharedFields...)...)}},
	})
}
