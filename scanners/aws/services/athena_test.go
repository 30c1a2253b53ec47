package services

import (
	"testing"

	"posture/internal/posture"
)

func TestAthenaWorkGroups(t *testing.T) {
	group := func(name string, doc AthenaWorkGroup, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:athena:us-east-1:111122223333:workgroup/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "good" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	primary := group("primary", AthenaWorkGroup{Enabled: true, Used: true})
	rest := []posture.Resource{
		group("good", AthenaWorkGroup{Enabled: true, Used: true, Encrypts: true, Enforced: true, Metrics: true}),
		group("managed", AthenaWorkGroup{Enabled: true, Used: true, ManagedResults: true, Enforced: true, Metrics: true}),
		group("off", AthenaWorkGroup{Used: true, Encrypts: true, Enforced: true}),
	}
	all := func(first posture.Resource) []posture.Resource { return append([]posture.Resource{first}, rest...) }
	const queries, get = "athena:ListQueryExecutions WorkGroup=primary", "athena:GetWorkGroup"
	testReading(t, "AWS::Athena::WorkGroup", []readingTest{
		{name: "as they are", want: all(primary)},
		{name: "no queries", sections: map[string]string{queries: `{"QueryExecutionIds": []}`}, want: all(group("primary", AthenaWorkGroup{Enabled: true}))},
		{name: "queries refused", sections: map[string]string{queries + " error=AccessDeniedException": ""},
			want: all(group("primary", AthenaWorkGroup{Enabled: true}, refused("athena:ListQueryExecutions", "AccessDeniedException", "athena:ListQueryExecutions", "used")...))},
		{name: "settings refused", sections: map[string]string{get + " WorkGroup=primary error=AccessDeniedException": ""},
			want: all(group("primary", AthenaWorkGroup{Enabled: true, Used: true}, refused(get, "AccessDeniedException", get, ofWorkGroup...)...))},
		{name: "says nothing", sections: map[string]string{get + " WorkGroup=primary": `{"WorkGroup": {"Name": "primary"}}`},
			want: all(group("primary", AthenaWorkGroup{Enabled: true, Used: true}, unsaid(get, ofWorkGroup...)...))},
		{name: "tags refused", sections: map[string]string{"athena:ListTagsForResource ResourceARN=arn:aws:athena:us-east-1:111122223333:workgroup/primary error=AccessDeniedException": ""},
			want: all(group("primary", AthenaWorkGroup{Enabled: true, Used: true}, refused("athena:ListTagsForResource", "AccessDeniedException", "athena:ListTagsForResource", "tags")...))},
		{name: "second page broken", sections: map[string]string{"athena:ListWorkGroups NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{primary}, cause: brokenListing("athena:ListWorkGroups")},
	})
}
