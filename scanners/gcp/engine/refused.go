package engine

import (
	"errors"
	"slices"

	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"posture/internal/posture"
)

const (
	serviceDisabled = "SERVICE_DISABLED"
	perimeter       = "SECURITY_POLICY_VIOLATED"
)

// refusals holds the reasons of google.api.ErrorInfo that say who refused a
// call, where a permission does not help. They are those of
// google/api/error_reason.proto.
var refusals = map[string]posture.Reason{
	serviceDisabled:                       posture.APIDisabled,
	"SERVICE_NOT_VISIBLE":                 posture.APIDisabled,
	perimeter:                             posture.DeniedByPerimeter,
	"RESOURCE_USAGE_RESTRICTION_VIOLATED": posture.DeniedByOrgRule,
	"ORG_RESTRICTION_VIOLATION":           posture.DeniedByOrgRule,
	"LOCATION_POLICY_VIOLATED":            posture.DeniedByOrgRule,
	"LOCATION_ORG_POLICY_VIOLATED":        posture.DeniedByOrgRule,
	"CUSTOM_ORG_POLICY_VIOLATION":         posture.DeniedByOrgRule,
	"BILLING_DISABLED":                    posture.ProjectUnfit,
	"CONSUMER_SUSPENDED":                  posture.ProjectUnfit,
	"CONSUMER_INVALID":                    posture.ProjectUnfit,
	"RESOURCE_PROJECT_INVALID":            posture.ProjectUnfit,
	"GCP_SUSPENDED":                       posture.ProjectUnfit,
	"USER_PROJECT_DENIED":                 posture.ProjectUnfit, // is not in that file
	"ACCESS_TOKEN_EXPIRED":                posture.NoCredentials,
	"CREDENTIALS_MISSING":                 posture.NoCredentials,
	"ACCOUNT_STATE_INVALID":               posture.NoCredentials,
	"USER_BLOCKED_BY_ADMIN":               posture.NoCredentials,
}

// refusedBy returns who refused a call, with Google's word for it, "" where
// the answer does not say so or a permission may help.
func refusedBy(err error) (why posture.Reason, named string) {
	if perimetered(err) {
		return posture.DeniedByPerimeter, perimeter
	}
	named = errorInfo(err).GetReason()
	if why, named := refusals[named], named; why != "" {
		return why, named
	}
	return "", ""
}

// perimetered reports whether VPC Service Controls refused a call. Older APIs
// say so in the list of errors, others as a precondition.
func perimetered(err error) bool {
	var rest *googleapi.Error
	if errors.As(err, &rest) && slices.ContainsFunc(rest.Errors, func(e googleapi.ErrorItem) bool { return e.Reason == "vpcServiceControls" }) {
		return true
	}
	return slices.ContainsFunc(details(err).PreconditionFailure.GetViolations(), func(v *errdetails.PreconditionFailure_Violation) bool {
		return v.GetType() == "VPC_SERVICE_CONTROLS"
	})
}
