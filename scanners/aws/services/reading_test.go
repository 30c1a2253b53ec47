package services

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// fixtures returns the estate of all files of testdata, with the sections in
// place of or beside theirs. A section's body follows the first line.
func fixtures(t testing.TB, sections map[string]string) *awstest.Estate {
	t.Helper()
	estate, err := awstest.LoadFS(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range sections {
		if err := estate.Set(name, body); err != nil {
			t.Fatal(err)
		}
	}
	return estate
}

// readingTest says what one type's scanner makes of the fixtures after a change.
type readingTest struct {
	name     string
	sections map[string]string  // what differs from testdata
	want     []posture.Resource // without what all have in common: provider, account, type
	cause    *posture.Cause     // why the listing was not complete
}

// testReading scans one type for every test and compares all that it returned.
func testReading(t *testing.T, typ string, tests []readingTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), typ)
			for i := range test.want {
				test.want[i].Provider, test.want[i].Account, test.want[i].Type = posture.AWS, testAccount, typ
				if test.want[i].Region == "" {
					test.want[i].Region = "us-east-1"
				}
				sortUnread(test.want[i].Unread)
			}
			slices.SortStableFunc(test.want, func(a, b posture.Resource) int { return strings.Compare(a.Region+" "+a.ID, b.Region+" "+b.ID) })
			if diff := cmp.Diff(test.want, got.Resources); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
			want := []posture.Population{{Type: typ, Region: got.Report.Populations[0].Region, Count: len(test.want), Complete: test.cause == nil, Cause: test.cause}}
			if diff := cmp.Diff(want, got.Report.Populations); diff != "" {
				t.Errorf("populations (-want +got):\n%s", diff)
			}
		})
	}
}

// sortUnread puts unread fields in the order in which resources have them.
func sortUnread(unread []posture.Unread) {
	slices.SortStableFunc(unread, func(a, b posture.Unread) int { return strings.Compare(a.Field, b.Field) })
}

// refused returns fields as unread because the call was refused.
func refused(operation, code, permission string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{
			Reason: posture.Denied, Operation: operation, Code: code, Permission: permission,
		}})
	}
	return unread
}

// unclear returns fields as unread because the policy that the operation
// returned is not understood.
func unclear(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{
			Reason: posture.NotUnderstood, Operation: operation, Code: "policy",
		}})
	}
	return unread
}

// unknownValue returns fields as unread because the operation answered a value
// that is not known.
func unknownValue(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: operation, Code: "unknown value"}})
	}
	return unread
}

// brokenListing returns the cause of a listing whose page was answered with
// an error of the service.
func brokenListing(operation string) *posture.Cause {
	return &posture.Cause{Reason: posture.Failed, Operation: operation, Code: "InternalError"}
}
