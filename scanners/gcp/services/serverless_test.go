package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	functionsv1 "google.golang.org/api/cloudfunctions/v1"
	"google.golang.org/api/cloudfunctions/v2"
	runv1 "google.golang.org/api/run/v1"
	"google.golang.org/api/run/v2"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// serverlessSchemas are Google's own types of the test data.
var serverlessSchemas = map[string]any{
	typeCloudFunction + " v1": functionsv1.CloudFunction{},
	typeFunction + " v2":      cloudfunctions.Function{},
	typeRunService + " v1":    runv1.Service{},
	typeRunService + " v2":    run.GoogleCloudRunV2Service{},
}

const (
	ordersAccount = "orders@shop-prod.iam.gserviceaccount.com"
	defaultOfTest = "100000000002-compute@developer.gserviceaccount.com"
)

// unreadAll returns all fields of a document as unread for the cause.
func unreadAll(doc any, cause posture.Cause) []posture.Unread {
	return unreadOf(scanners.FieldsOf(doc), cause)
}

func unreadOf(fields []string, cause posture.Cause) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: cause})
	}
	return unread
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	gone := absent(typeRunService)
	serviceTest{
		data: "serverless", schemas: serverlessSchemas, types: []string{typeFunction},
		want: map[string]any{
			"resize": &CloudFunction{
				HTTPTrigger: true, HTTPSOnly: true, Runtime: "python313", ServiceAccount: ordersAccount, VPCAccess: true,
				Ingress: "internal-and-load-balancer",
			},
			"hook": &CloudFunction{
				HTTPTrigger: true, Runtime: "python38", ServiceAccount: "shop-test@appspot.gserviceaccount.com", DefaultServiceAccount: true,
				CredentialVariables: []string{"AWS_KEY", "NPM_TOKEN"}, Ingress: "all",
				PublicGrants: []engine.Grant{{
					Role: "roles/cloudfunctions.invoker", Member: "allUsers",
					On: "//cloudfunctions.googleapis.com/projects/shop-test/locations/europe-west1/functions/hook",
				}},
			},
			"on-upload": &CloudFunction{Runtime: "go125", ServiceAccount: "uploads@shop-test.iam.gserviceaccount.com", Ingress: "all"},
			"terse":     &CloudFunction{HTTPTrigger: true, DefaultServiceAccount: true},
			"late": &CloudFunction{
				HTTPTrigger: true, HTTPSOnly: true, Runtime: "nodejs22", ServiceAccount: "late@shop-test.iam.gserviceaccount.com", Ingress: "internal",
			},
			"orders": &CloudFunction{
				SecondGeneration: true, HTTPTrigger: true, HTTPSOnly: true, Runtime: "python313", ServiceAccount: ordersAccount,
				VPCAccess: true, Ingress: "internal",
			},
			"open": &CloudFunction{
				SecondGeneration: true, HTTPTrigger: true, HTTPSOnly: true, Runtime: "python313", DefaultServiceAccount: true,
				CredentialVariables: []string{"OLD_KEY"}, Ingress: "all",
				PublicGrants: []engine.Grant{{
					Role: "roles/run.invoker", Member: "allUsers", On: "//run.googleapis.com/projects/shop-test/locations/europe-west1/services/open",
				}},
			},
			"unasked": &CloudFunction{
				SecondGeneration: true, HTTPTrigger: true, HTTPSOnly: true, Runtime: "python313",
				ServiceAccount: defaultOfTest, DefaultServiceAccount: true, CredentialVariables: []string{"LATE_KEY"}, Ingress: "all", InvokerCheckOff: true,
			},
			"orphan": &CloudFunction{
				SecondGeneration: true, HTTPTrigger: true, HTTPSOnly: true, Runtime: "python313", ServiceAccount: "orphan@shop-test.iam.gserviceaccount.com",
			},
			"nothing": &CloudFunction{},
		},
		unread: map[string][]posture.Unread{
			"terse":   {{Field: "runtime", Cause: absent(typeFunction)}, {Field: "ingress", Cause: absent(typeFunction)}},
			"orphan":  unreadOf(serviceBehind, gone),
			"nothing": unreadAll(CloudFunction{}, absent(typeFunction)),
		},
	}.run(t)
}

func TestRunServices(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "serverless", schemas: serverlessSchemas, types: []string{typeRunService},
		want: map[string]any{
			"orders":   &RunService{Function: "orders", ServiceAccount: ordersAccount, VPCAccess: true, Ingress: "internal"},
			"checkout": &RunService{ServiceAccount: ordersAccount, VPCAccess: true, Ingress: "internal-and-load-balancer"},
			"worker":   &RunService{ServiceAccount: ordersAccount, VPCAccess: true, Ingress: "internal-and-load-balancer"},
			"open": &RunService{
				Function: "open", DefaultServiceAccount: true, Ingress: "all",
				PublicGrants: []engine.Grant{{
					Role: "roles/run.invoker", Member: "allUsers", On: "//run.googleapis.com/projects/shop-test/locations/europe-west1/services/open",
				}},
			},
			"unasked": &RunService{
				Function: "unasked", ServiceAccount: defaultOfTest, DefaultServiceAccount: true, CredentialVariables: []string{"LATE_KEY"},
				Ingress: "all", InvokerCheckOff: true,
			},
			"site":   &RunService{DefaultServiceAccount: true, CredentialVariables: []string{"AWS_KEY"}, Ingress: "all", InvokerCheckOff: true},
			"shared": &RunService{DefaultServiceAccount: true, Ingress: "all"},
			"asleep": &RunService{ServiceAccount: "asleep@shop-test.iam.gserviceaccount.com"},
			"bare":   &RunService{DefaultServiceAccount: true},
		},
		unread: map[string][]posture.Unread{
			"asleep": {{Field: "ingress", Cause: absent(typeRunService)}},
			"bare":   unreadAll(RunService{}, absent(typeRunService)),
		},
	}.run(t)
}

// TestServiceBehindFunctionUnread makes sure that a function does not pass as
// private where the policies of Cloud Run were not read.
func TestServiceBehindFunctionUnread(t *testing.T) {
	t.Parallel()
	var kept strings.Builder
	for line := range strings.Lines(bench.Text(t, "serverless")) {
		if !strings.Contains(line, `"asset_type":"`+typeRunService+`"`) {
			kept.WriteString(line)
		}
	}
	inventory := bench.Export(t, bench.Text(t, "hierarchy"), kept.String())
	function := enginetest.Scan(t, inventory, bench.Everything(typeFunction)).Resources["orders"]
	var unread []string
	for _, u := range function.Unread {
		if u.Cause.Reason == posture.NotListed {
			unread = append(unread, u.Field)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(serviceBehind)), unread); diff != "" {
		t.Error(diff)
	}
}
