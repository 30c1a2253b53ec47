package services

import (
	"testing"

	"posture/internal/posture"
)

func TestStateMachines(t *testing.T) {
	const list, describe, tagged, arn = "states:ListStateMachines", "states:DescribeStateMachine", "states:ListTagsForResource", "arn:aws:states:us-east-1:111122223333:stateMachine:"
	machine := func(name string, doc StateMachine, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + name, Name: name, Doc: &doc, Unread: unread}
	}
	orders := machine("orders", StateMachine{LogLevel: "ERROR"})
	orders.Tags = map[string]string{"owner": "shop"}
	nightly := machine("nightly", StateMachine{LogLevel: "OFF"})
	testReading(t, "AWS::StepFunctions::StateMachine", []readingTest{
		{name: "two pages", want: []posture.Resource{nightly, orders}},
		{name: "the answer does not say", sections: map[string]string{describe + " stateMachineArn=" + arn + "nightly": `{"name": "nightly", "type": "EXPRESS"}`},
			want: []posture.Resource{machine("nightly", StateMachine{}, unsaid(describe, "log_level")...), orders}},
		{name: "one refused", sections: map[string]string{describe + " stateMachineArn=" + arn + "nightly error=AccessDeniedException": ""},
			want: []posture.Resource{machine("nightly", StateMachine{}, refused(describe, "AccessDeniedException", describe, "log_level")...), orders}},
		{name: "tags refused", sections: map[string]string{tagged + " resourceArn=" + arn + "nightly error=AccessDeniedException": ""},
			want: []posture.Resource{machine("nightly", StateMachine{LogLevel: "OFF"}, refused(tagged, "AccessDeniedException", tagged, "tags")...), orders}},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{orders}, cause: brokenListing(list)},
	})
}
