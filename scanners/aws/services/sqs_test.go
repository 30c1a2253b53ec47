package services

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

func TestSQSQueues(t *testing.T) {
	const op, tags, url = "sqs:GetQueueAttributes", "sqs:ListQueueTags", "https://sqs.us-east-1.amazonaws.com/111122223333/"
	queue := func(name string, doc SQSQueue, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:sqs:us-east-1:111122223333:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	orders := queue("orders", SQSQueue{Encrypted: true, KMSKey: "alias/queues", DeadLetterQueue: true})
	orders.Tags = map[string]string{"owner": "shop"}
	failed := queue("orders-failed", SQSQueue{Encrypted: true, IsDeadLetterQueue: true})
	undelivered := func(open func(what string) []posture.Unread) (queues []posture.Resource) {
		for _, what := range []string{"calls", "clicks", "events", "invocations", "messages", "records", "reminders", "rows"} {
			unread := open(what)
			queues = append(queues, queue("undelivered-"+what, SQSQueue{Encrypted: true, IsDeadLetterQueue: len(unread) == 0}, unread...))
		}
		return queues
	}
	known := func(string) []posture.Unread { return nil }
	mayBeTarget := refused(op, "AccessDenied", op, "is_dead_letter_queue")
	noAttributes := queue("orders", SQSQueue{}, refused(op, "AccessDenied", op, "encrypted", "kms_key", "public", "public_by", "dead_letter_queue", "is_dead_letter_queue")...)
	noAttributes.Tags = orders.Tags
	broken := posture.Unread{Field: "is_dead_letter_queue", Cause: *brokenListing("sqs:ListQueues")}
	ordersAlone := orders
	ordersAlone.Unread = []posture.Unread{broken}
	unasked := refused("sns:ListSubscriptions", "AuthorizationError", "sns:ListSubscriptions", "is_dead_letter_queue")
	testReading(t, "AWS::SQS::Queue", []readingTest{
		{name: "two pages", want: append([]posture.Resource{queue("open", SQSQueue{Public: true, PublicBy: byStatement1}), orders, failed}, undelivered(known)...)},
		{name: "second page broken", sections: map[string]string{"sqs:ListQueues NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{ordersAlone, failed}, cause: brokenListing("sqs:ListQueues")},
		{name: "attributes refused", sections: map[string]string{op + " QueueUrl=" + url + "orders error=AccessDenied": ""},
			want: append([]posture.Resource{queue("open", SQSQueue{Public: true, PublicBy: byStatement1}, mayBeTarget...), noAttributes, queue("orders-failed", SQSQueue{Encrypted: true}, mayBeTarget...)}, undelivered(known)...)},
		{name: "tags refused", sections: map[string]string{tags + " QueueUrl=" + url + "open error=AccessDenied": ""},
			want: append([]posture.Resource{queue("open", SQSQueue{Public: true, PublicBy: byStatement1}, refused(tags, "AccessDenied", tags, "tags")...), orders, failed}, undelivered(known)...)},
		{name: "subscriptions refused", sections: map[string]string{"sns:ListSubscriptions error=AuthorizationError": ""},
			want: append([]posture.Resource{queue("open", SQSQueue{Public: true, PublicBy: byStatement1}, unasked...), orders, failed}, undelivered(func(what string) []posture.Unread {
				if what == "messages" {
					return unasked
				}
				return nil
			})...)},
	})
}

// TestRedrivePolicies: a policy that is not understood may make a queue a
// dead-letter queue, or give it one.
func TestRedrivePolicies(t *testing.T) {
	const queues, arn = "https://sqs.us-east-1.amazonaws.com/111122223333/", "arn:aws:sqs:us-east-1:111122223333:"
	for policy, unread := range map[string]posture.Reason{
		`{"redrivePermission": "byQueue", "sourceQueueArns": ["` + arn + `a"]}`: "",
		`{"redrivePermission": "allowAll"}`:                                     "",
		`{"redrivePermission": "denyAll"}`:                                      "",
		`{"redrivePermission": "byTag"}`:                                        posture.NotUnderstood,
		`{"redrivePermission": "byQueue"}`:                                      posture.NotUnderstood,
		`{"redrivePermission": "byQueue", "sourceQueueArns": "a"}`:              posture.Malformed,
		`{}`:      posture.NotUnderstood,
		`<html/>`: posture.Malformed,
	} {
		allow, _ := json.Marshal(map[string]any{"Attributes": map[string]string{"QueueArn": arn + "open", "SqsManagedSseEnabled": "true", "RedriveAllowPolicy": policy}})
		s := scanTypes(t, fixtures(t, map[string]string{"sqs:GetQueueAttributes QueueUrl=" + queues + "open": string(allow)}), "AWS::SQS::Queue")
		if got := reasonOf(s.get(t, "open"), "is_dead_letter_queue"); got != unread {
			t.Errorf("it is one by %s: %q", policy, got)
		}
	}
	for policy, unread := range map[string]posture.Reason{
		`{"deadLetterTargetArn": "` + arn + `a"}`: "",
		`{}`:  posture.NotUnderstood,
		`[1]`: posture.Malformed,
	} {
		redrive, _ := json.Marshal(map[string]any{"Attributes": map[string]string{"QueueArn": arn + "open", "SqsManagedSseEnabled": "true", "RedrivePolicy": policy}})
		s := scanTypes(t, fixtures(t, map[string]string{"sqs:GetQueueAttributes QueueUrl=" + queues + "open": string(redrive)}), "AWS::SQS::Queue")
		if got := reasonOf(s.get(t, "open"), "dead_letter_queue"); got != unread {
			t.Errorf("it has one by %s: %q", policy, got)
		}
	}
}

// reasonOf returns why a field of a resource was not read, "" if it was.
func reasonOf(r posture.Resource, field string) posture.Reason {
	for _, unread := range r.Unread {
		if unread.Field == field {
			return unread.Cause.Reason
		}
	}
	return ""
}

// TestSQSAsksNoMoreThanItTakes: who sends failures is asked only where a queue
// has no dead-letter queue and is none, as far as is known by then.
func TestSQSAsksNoMoreThanItTakes(t *testing.T) {
	const urls = "https://sqs.us-east-1.amazonaws.com/111122223333/"
	only := func(names ...string) map[string]string {
		list, _ := json.Marshal(map[string]any{"QueueUrls": names})
		return map[string]string{"sqs:ListQueues": string(list)}
	}
	for name, test := range map[string]struct {
		sections map[string]string
		want     posture.Want
		services []string
	}{
		"every queue is known by the queues": {only(urls+"orders", urls+"orders-failed"), wantAll("AWS::SQS::Queue"), nil},
		"a function's":                       {only(urls + "undelivered-calls"), wantAll("AWS::SQS::Queue"), []string{"lambda"}},
		"an event source's":                  {only(urls + "undelivered-records"), wantAll("AWS::SQS::Queue"), []string{"lambda"}},
		"a rule's":                           {only(urls + "undelivered-events"), wantAll("AWS::SQS::Queue"), []string{"events", "lambda"}},
		"a pipe's":                           {only(urls + "undelivered-clicks"), wantAll("AWS::SQS::Queue"), []string{"events", "lambda", "pipes", "sns"}},
		"nobody's":                           {only(urls + "open"), wantAll("AWS::SQS::Queue"), []string{"events", "lambda", "pipes", "scheduler", "sns"}},
		"no rule asks":                       {only(urls + "open"), posture.Want{"AWS::SQS::Queue": {"encrypted"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := cloudOf(fixtures(t, test.sections))
			scanWant(t, serve(t, cloud), test.want)
			var got []string
			for _, request := range cloud.Log() {
				if !slices.Contains([]string{"sts", "ec2", "sqs", "access-analyzer", "cloudwatch"}, request.Service) {
					got = append(got, request.Service)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.services, slices.Compact(got)); diff != "" {
				t.Errorf("services asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManySchedules holds that a region with more schedules than are asked leaves
// open whether a queue takes what they could not deliver.
func TestManySchedules(t *testing.T) {
	many := make([]map[string]string, mostSchedules+1)
	for i := range many {
		many[i] = map[string]string{"Name": "n", "GroupName": "default"}
	}
	page, _ := json.Marshal(map[string]any{"Schedules": many})
	s := scanTypes(t, fixtures(t, map[string]string{"scheduler:ListSchedules": string(page)}), "AWS::SQS::Queue")
	open := []posture.Unread{{Field: "is_dead_letter_queue", Cause: posture.Cause{Reason: posture.TooMuch, Operation: "scheduler:ListSchedules", Code: "schedules"}}}
	for _, name := range []string{"open", "undelivered-reminders"} {
		if diff := cmp.Diff(open, s.get(t, "arn:aws:sqs:us-east-1:111122223333:"+name).Unread); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
