package engine

import (
	"testing"

	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"posture/internal/posture"
	"posture/scanners"
)

// TestRefusedBy holds which of Google's words say that a permission does not
// help.
func TestRefusedBy(t *testing.T) {
	answer := func(details ...protoadapt.MessageV1) error {
		s, err := status.New(codes.PermissionDenied, "no").WithDetails(details...)
		if err != nil {
			t.Fatal(err)
		}
		return scanners.Failed("x.get", s.Err())
	}
	info := func(reason string) error {
		return answer(&errdetails.ErrorInfo{Reason: reason, Domain: "googleapis.com"})
	}
	perimeter := &errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{Type: "VPC_SERVICE_CONTROLS"}}}
	for name, test := range map[string]struct {
		err  error
		want posture.Cause
	}{
		"perimeter":            {info("SECURITY_POLICY_VIOLATED"), posture.Cause{Reason: posture.DeniedByPerimeter, Code: "SECURITY_POLICY_VIOLATED"}},
		"perimeter, violation": {answer(perimeter), posture.Cause{Reason: posture.DeniedByPerimeter, Code: "SECURITY_POLICY_VIOLATED"}},
		"perimeter, older": {scanners.Failed("x.get", &googleapi.Error{Code: 403, Errors: []googleapi.ErrorItem{{Reason: "vpcServiceControls"}}}),
			posture.Cause{Reason: posture.DeniedByPerimeter, Code: "SECURITY_POLICY_VIOLATED"}},
		"restricted":     {info("RESOURCE_USAGE_RESTRICTION_VIOLATED"), posture.Cause{Reason: posture.DeniedByOrgRule, Code: "RESOURCE_USAGE_RESTRICTION_VIOLATED"}},
		"location":       {info("LOCATION_ORG_POLICY_VIOLATED"), posture.Cause{Reason: posture.DeniedByOrgRule, Code: "LOCATION_ORG_POLICY_VIOLATED"}},
		"API off":        {info("SERVICE_DISABLED"), posture.Cause{Reason: posture.APIDisabled, Code: "SERVICE_DISABLED"}},
		"project gone":   {info("RESOURCE_PROJECT_INVALID"), posture.Cause{Reason: posture.ProjectUnfit, Code: "RESOURCE_PROJECT_INVALID"}},
		"no billing":     {info("BILLING_DISABLED"), posture.Cause{Reason: posture.ProjectUnfit, Code: "BILLING_DISABLED"}},
		"token ran out":  {info("ACCESS_TOKEN_EXPIRED"), posture.Cause{Reason: posture.NoCredentials, Code: "ACCESS_TOKEN_EXPIRED"}},
		"no permission":  {info("IAM_PERMISSION_DENIED"), posture.Cause{Reason: posture.Denied, Code: "PERMISSION_DENIED", Permission: "x.read"}},
		"a word unheard": {info("SOMETHING_NEW"), posture.Cause{Reason: posture.Denied, Code: "PERMISSION_DENIED", Permission: "x.read"}},
		"no details":     {answer(), posture.Cause{Reason: posture.Denied, Code: "PERMISSION_DENIED", Permission: "x.read"}},
	} {
		test.want.Operation = "x.get"
		if got := cause(test.err, map[string]string{"x.get": "x.read"}); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
