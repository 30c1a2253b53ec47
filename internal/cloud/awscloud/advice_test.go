package awscloud

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"posture/internal/cloud"
	"posture/internal/posture"
)

// call is a call that failed, as the SDK says it.
func call(service, operation string, err error) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
}

func status(code int) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: code}}, Err: errors.New("a page")}
}

// TestAdvise holds what is said of a call that found credentials, and whether
// it may pass by itself.
func TestAdvise(t *testing.T) {
	const role = "arn:aws:iam::999999999999:role/audit/scan"
	read := func(reason posture.Reason, code, said string, err error) error {
		cause := posture.Cause{Reason: reason, Operation: "sts:AssumeRole", Code: code}
		return &posture.ReadError{Cause: cause, Said: said, Err: call("STS", "AssumeRole", err)}
	}
	api := errors.New("made-up-secret")
	for name, test := range map[string]struct {
		err     error
		role    string
		want    string
		passing bool
	}{
		"clock behind":      {read(posture.NoCredentials, "SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2", api), "", clockOff, false},
		"clock ahead":       {read(posture.NoCredentials, "SignatureDoesNotMatch", "Signature not yet current: 2 is still later than 1", api), "", clockOff, false},
		"request too old":   {read(posture.NoCredentials, "RequestExpired", "", api), role, clockOff, false},
		"another secret":    {read(posture.NoCredentials, "SignatureDoesNotMatch", "The request signature we calculated does not match", api), "", "the AWS secret key does not belong to the access key", false},
		"no role's trust":   {read(posture.Denied, "AccessDenied", "", api), role, "the role " + role + " cannot be assumed: ", false},
		"trust denies":      {read(posture.DeniedByTrust, "AccessDenied", "", api), role, "(aws iam get-role --role-name scan)", false},
		"expired, by role":  {read(posture.NoCredentials, "ExpiredToken", "", api), role, "your AWS session has expired, run: aws sso login --profile p: ", false},
		"another refusal":   {read(posture.NoCredentials, "AuthFailure", "", api), "", "no AWS credentials work here: ", false},
		"503":               {read(posture.Failed, "HTTP 503", "", status(503)), role, "AWS is out of order (STS AssumeRole: HTTP 503)", true},
		"late":              {read(posture.TimedOut, "", "", context.DeadlineExceeded), role, "AWS does not answer in time (STS AssumeRole): ", true},
		"no such host":      {read(posture.Unreachable, "", "", &net.DNSError{Name: "x.invalid", IsNotFound: true}), role, "the name x.invalid is not known here", true},
		"no name server":    {read(posture.Unreachable, "", "", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", Name: "x"}}), role, "AWS cannot be reached (dial: ", true},
		"unknown authority": {read(posture.Unreachable, "", "", &tls.CertificateVerificationError{Err: errors.New("x")}), role, "set AWS_CA_BUNDLE", false},
		"throttled":         {read(posture.Throttled, "Throttling", "", errors.New("slow down")), role, "slow down", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := advise(test.err, test.role, "p", false)
			if !strings.Contains(got.Error(), test.want) || cloud.Passing(got) != test.passing {
				t.Errorf("%v, passing %v, want %q, %v", got, cloud.Passing(got), test.want, test.passing)
			}
			if !errors.Is(got, test.err) {
				t.Error("what happened is lost")
			}
		})
	}
}

// TestExplain holds what is said where no credentials are found.
func TestExplain(t *testing.T) {
	refusal := func(service, operation, code string) error {
		return call(service, operation, &smithy.GenericAPIError{Code: code, Message: "made-up-secret"})
	}
	machine := func(err error) error { return call("ec2imds", "GetMetadata", err) }
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	sso := awsconfig.SharedConfig{SSOStartURL: "https://corp.awsapps.com/start", SSORoleName: "Audit", SSOAccountID: "111122223333"}
	lent := awsconfig.SharedConfig{RoleARN: "arn:aws:iam::1:role/r", Source: &sso}
	named := source{profile: "default", env: awsconfig.EnvConfig{EC2IMDSEndpoint: "http://127.0.0.1:1"}}
	for name, test := range map[string]struct {
		source  source
		err     error
		want    string
		passing bool
	}{
		"a laptop":             {source{}, machine(refused), noneFound + "; no metadata service", false},
		"a laptop, in time":    {source{}, machine(context.DeadlineExceeded), noneFound + "; no metadata service", false},
		"a machine named":      {named, machine(refused), "the metadata service of this machine does not answer", true},
		"a machine upset":      {source{}, machine(status(503)), "the metadata service of this machine does not answer", true},
		"a machine of no role": {source{}, machine(status(404)), "attach one with aws ec2 associate-iam-instance-profile", false},
		"not by SSO":           {source{profile: "p", own: sso}, refusal("SSO", "GetRoleCredentials", "ForbiddenException"), "does not let you use Audit in account 111122223333", false},
		"SSO is over":          {source{profile: "p", own: sso}, refusal("SSO", "GetRoleCredentials", "UnauthorizedException"), "run: aws sso login --profile p", false},
		"SSO below a role":     {source{profile: "p", own: lent}, errors.New("no token"), "run: aws sso login --profile p", false},
		"SSO is out of order":  {source{profile: "p", own: sso}, call("SSO", "GetRoleCredentials", status(503)), "AWS is out of order (SSO GetRoleCredentials: HTTP 503)", true},
		"a role below SSO":     {source{profile: "p", own: lent}, refusal("STS", "AssumeRole", "AccessDenied"), "the role arn:aws:iam::1:role/r cannot be assumed", false},
		"a token refused":      {source{own: lent}, refusal("STS", "AssumeRoleWithWebIdentity", "InvalidIdentityToken"), "AWS does not take the web identity token for the role arn:aws:iam::1:role/r (InvalidIdentityToken)", false},
		"a clock":              {source{own: lent}, refusal("STS", "AssumeRole", "RequestTimeTooSkewed"), clockOff, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.source.explain(test.err)
			if !strings.Contains(got.Error(), test.want) || cloud.Passing(got) != test.passing || strings.Contains(got.Error(), "made-up") {
				t.Errorf("%v, passing %v, want %q, %v", got, cloud.Passing(got), test.want, test.passing)
			}
		})
	}
}
