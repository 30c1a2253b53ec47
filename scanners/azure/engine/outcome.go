package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/internal/posture"
	"posture/scanners"
)

// cause says why a call failed. The permissions are those of all calls that
// are declared, by operation.
func cause(err error, permissions map[string]string) posture.Cause {
	var known *posture.ReadError
	if errors.As(err, &known) {
		return known.Cause
	}
	var c posture.Cause
	var call *scanners.CallError
	if errors.As(err, &call) {
		c.Operation = call.Operation
	}
	c.Reason, c.Code = reason(err)
	if c.Reason == posture.Denied {
		c.Permission = permissions[c.Operation]
	}
	return c
}

// refusals are Azure's own words for a call that is refused, with the reason:
// those of Azure Resource Manager's common errors
// (learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors)
// and of Microsoft Graph (learn.microsoft.com/graph/resolve-auth-errors).
var refusals = map[string]posture.Reason{
	"AuthorizationFailed":               posture.Denied,
	"LinkedAuthorizationFailed":         posture.Denied,
	"Authorization_RequestDenied":       posture.Denied,
	"Forbidden":                         posture.Denied,
	"AccessDenied":                      posture.Denied,
	"DenyAssignmentAuthorizationFailed": posture.DeniedByOwnDeny,
	"RequestDisallowedByPolicy":         posture.DeniedByOrgRule,
	"ExpiredAuthenticationToken":        posture.NoCredentials,
	"InvalidAuthenticationToken":        posture.NoCredentials,
	"InvalidAuthenticationTokenTenant":  posture.NoCredentials,
	"AuthenticationFailed":              posture.NoCredentials,
	"Unauthorized":                      posture.NoCredentials,
	"TooManyRequests":                   posture.Throttled,
	"SubscriptionRequestsThrottled":     posture.Throttled,
	"ResourceRequestsThrottled":         posture.Throttled,
	"RateLimiting":                      posture.Throttled,
	"MissingSubscriptionRegistration":   posture.NotRegistered,
	"SubscriptionNotRegistered":         posture.NotRegistered,
	"NoRegisteredProviderFound":         posture.NotRegistered,
	"SubscriptionNotFound":              posture.NotFound,
	"DisabledSubscription":              posture.Disabled,
	"SubscriptionDisabled":              posture.Disabled,

	"Authentication_RequestFromNonPremiumTenantOrB2CTenant": posture.NoLicence,
	"AadPremiumLicenseRequired":                             posture.NoLicence,
}

// reason sorts an error into the closed set of reasons, and returns Azure's
// own word for it, or what else is known.
func reason(err error) (posture.Reason, string) {
	var answered *azcore.ResponseError
	var unauthenticated *signInError
	switch {
	case errors.As(err, &unauthenticated):
		payloads.Lock() // its text reads its answer
		defer payloads.Unlock()
		return posture.NoCredentials, entraCode(unauthenticated.Error())
	case !errors.As(err, &answered):
		return scanners.ReasonOf(err, 0)
	}
	code := answered.ErrorCode
	if answered.StatusCode == http.StatusForbidden && lacksLicence(messageOf(err)) {
		return posture.NoLicence, code
	}
	if why := refusals[code]; why != "" {
		return why, code
	}
	switch {
	case code == "": // a proxy, or a service that fell over
		return scanners.ReasonOf(errors.New("no code"), answered.StatusCode)
	case answered.StatusCode == http.StatusUnauthorized:
		return posture.NoCredentials, code
	case answered.StatusCode == http.StatusForbidden:
		return posture.Denied, code
	case answered.StatusCode == http.StatusTooManyRequests:
		return posture.Throttled, code
	default:
		return posture.Failed, code
	}
}

// lacksLicence reports whether a refusal is for want of a licence. Services
// behind Microsoft Graph have no code of their own for that.
func lacksLicence(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "premium license") || strings.Contains(message, "not licensed") || strings.Contains(message, "license is required")
}

// entraCode returns the code of an error of Entra ID, "AADSTS700082", "" for
// none.
func entraCode(text string) string {
	_, rest, found := strings.Cut(text, "AADSTS")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if !found || end <= 0 {
		return ""
	}
	return "AADSTS" + rest[:end]
}

// payloads guards the answers of errors while they are read: what was asked once
// for many resources is one error for all of them.
var payloads sync.Mutex

// messageOf returns what Azure wrote about an error, "" for nothing.
func messageOf(err error) string {
	var answered *azcore.ResponseError
	if !errors.As(err, &answered) || answered.RawResponse == nil {
		return ""
	}
	payloads.Lock()
	body, err := runtime.Payload(answered.RawResponse)
	payloads.Unlock()
	if err != nil {
		return ""
	}
	var said struct {
		Error struct{ Message string }
	}
	if json.Unmarshal(body, &said) != nil { // the code is told all the same
		return ""
	}
	return said.Error.Message
}

// gone marks the error of an API that says, in its own words, that it does not
// know the resource. A page that only says "404" says nothing of it.
func gone(err error) error {
	var answered *azcore.ResponseError
	if !errors.As(err, &answered) || answered.StatusCode != http.StatusNotFound {
		return err
	}
	switch answered.ErrorCode {
	case "ResourceNotFound", "ResourceGroupNotFound", "NotFound", "ParentResourceNotFound":
		return errors.Join(err, posture.ErrGone)
	}
	return err
}

// goneByAnyWord is gone for a resource that was listed before: providers have
// words of their own for it, such as BMSUserErrorDataSourceObjectNotFound of
// Azure Backup. That a subscription or a provider is not found says nothing of it.
func goneByAnyWord(err error) error {
	var answered *azcore.ResponseError
	if !errors.As(err, &answered) || answered.StatusCode != http.StatusNotFound {
		return err
	}
	of, found := strings.CutSuffix(answered.ErrorCode, "NotFound")
	if found && !strings.HasSuffix(of, "Subscription") && !strings.HasSuffix(of, "Provider") && !strings.HasSuffix(of, "Tenant") {
		return errors.Join(err, posture.ErrGone)
	}
	return err
}

// goneFromDirectory is gone for Microsoft Graph.
func goneFromDirectory(err error) error {
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound && answered.ErrorCode == "Request_ResourceNotFound" {
		return errors.Join(err, posture.ErrGone)
	}
	return err
}
