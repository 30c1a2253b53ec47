package engine

import (
	"testing"

	"github.com/aws/smithy-go"

	"posture/internal/posture"
)

// TestRefusedBy holds the forms of AWS's messages, as the IAM User Guide shows
// them, and what services make of them.
func TestRefusedBy(t *testing.T) {
	const (
		who = "User: arn:aws:sts::111122223333:assumed-role/scan/posture is not authorized to perform: config:DescribeConfigurationRecorders"
		on  = who + " on resource: arn:aws:config:eu-west-1:111122223333:recorder/with an explicit deny in a VPC endpoint policy "
	)
	for message, want := range map[string]posture.Reason{
		who + " with an explicit deny in a service control policy":                                                                                                     posture.DeniedBySCP,
		who + " with an explicit deny in a service control policy: arn:aws:organizations::9:policy/o-a/p-b":                                                            posture.DeniedBySCP,
		who + " because no service control policy allows the config:DescribeConfigurationRecorders action":                                                             posture.DeniedBySCP,
		who + " with an explicit deny in a resource control policy":                                                                                                    posture.DeniedByRCP,
		who + " because no resource control policy allows the config:DescribeConfigurationRecorders action":                                                            posture.DeniedByRCP,
		who + " with an explicit deny in a permissions boundary":                                                                                                       posture.DeniedByBoundary,
		who + " because no permissions boundary allows the config:DescribeConfigurationRecorders action":                                                               posture.DeniedByBoundary,
		who + " with an explicit deny in a session policy":                                                                                                             posture.DeniedBySession,
		who + " because no session policy allows the config:DescribeConfigurationRecorders action":                                                                     posture.DeniedBySession,
		who + " because no session-based policy allows the config:DescribeConfigurationRecorders action":                                                               posture.DeniedBySession,
		who + " with an explicit deny in a VPC endpoint policy":                                                                                                        posture.DeniedByEndpoint,
		who + " because no VPC endpoint policy allows the config:DescribeConfigurationRecorders action":                                                                posture.DeniedByEndpoint,
		who + " with an explicit deny in a resource-based policy":                                                                                                      posture.DeniedByResource,
		who + " because no resource-based policy allows the config:DescribeConfigurationRecorders action":                                                              posture.DeniedByResource,
		who + " with an explicit deny in the role trust policy":                                                                                                        posture.DeniedByTrust,
		who + " because no role trust policy allows the sts:AssumeRole action":                                                                                         posture.DeniedByTrust,
		who + " with an explicit deny in an identity-based policy":                                                                                                     posture.DeniedByOwnDeny,
		who + " because no identity-based policy allows the config:DescribeConfigurationRecorders action":                                                              posture.Denied,
		on + "because no identity-based policy allows the config:DescribeConfigurationRecorders action":                                                                posture.Denied,
		on + "with an explicit deny in a service control policy":                                                                                                       posture.DeniedBySCP,
		"You are not authorized to perform this operation. " + who + " with an explicit deny in a service control policy. Encoded authorization failure message: 1a2b": posture.DeniedBySCP,
		who:             posture.Denied,
		"Access Denied": posture.Denied,
		"":              posture.Denied,
	} {
		err := &smithy.OperationError{ServiceID: "Config Service", OperationName: "DescribeConfigurationRecorders",
			Err: &smithy.GenericAPIError{Code: "AccessDeniedException", Message: message}}
		got := cause(err, map[string]string{"config:DescribeConfigurationRecorders": "config:DescribeConfigurationRecorders"})
		if got.Reason != want || (got.Permission != "") != (want == posture.Denied) || got.Code != "AccessDeniedException" {
			t.Errorf("%s\ngot %+v, want %s", message, got, want)
		}
	}
}

// TestRefusedOnlyWhenRefused holds that the words count only in a refusal.
func TestRefusedOnlyWhenRefused(t *testing.T) {
	err := &smithy.GenericAPIError{Code: "ValidationException", Message: "name with an explicit deny in a service control policy"}
	if got := cause(err, nil); got.Reason != posture.Failed {
		t.Errorf("got %+v", got)
	}
}
