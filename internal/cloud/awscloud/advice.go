package awscloud

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"posture/internal/cloud"
	"posture/internal/posture"
)

// sentence is an error with the text that people are told of it.
type sentence struct {
	text string
	err  error
}

// Error returns the text.
func (s *sentence) Error() string { return s.text }

// Unwrap returns what happened.
func (s *sentence) Unwrap() error { return s.err }

// advise puts before an error what to do about it, where that is known. The
// role is the one by which the account is read, the profile that of the
// credentials at hand; both may be "". In an organization every account has
// the same role.
func advise(err error, role, profile string, organization bool) error {
	var known *posture.ReadError
	if !errors.As(err, &known) {
		return err
	}
	text := outage(err)
	if text != "" {
		return &sentence{text, err}
	}
	cause := known.Cause
	text = badCredentials(cause.Code, known.Said, profile)
	switch {
	case text != "":
	case role != "" && cause.Operation == "sts:AssumeRole" && cause.Reason.Refused():
		text = notAssumed(role, organization)
	case cause.Reason == posture.NoCredentials:
		text = "no AWS credentials work here: set AWS_PROFILE, pass --profile, or sign in (aws sso login)"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", text, err)
}

// badCredentials says what is wrong with credentials that a call was refused
// for, by its code and what AWS wrote; "" where it is not they.
func badCredentials(code, said, profile string) string {
	switch code {
	case "ExpiredToken", "ExpiredTokenException":
		return "your AWS session has expired, run: aws sso login" + profileFlagOf(profile)
	case "RequestTimeTooSkewed", "RequestExpired":
		return clockOff
	case "SignatureDoesNotMatch":
		if strings.HasPrefix(said, "Signature expired") || strings.HasPrefix(said, "Signature not yet current") {
			return clockOff // STS has no code of its own for it
		}
		return "the AWS secret key does not belong to the access key, or the clock of this computer is off: set both keys anew with aws configure" + profileFlagOf(profile) + ", and compare date -u"
	case "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException":
		return "AWS does not know the access key: it was deleted or disabled, or is for another partition; see which one is used with aws configure list" + profileFlagOf(profile)
	}
	return ""
}

const clockOff = "the clock of this computer is off, so that AWS refuses what it signs: compare date -u, and set it (sudo timedatectl set-ntp true)"

func profileFlagOf(profile string) string {
	if profile == "" || profile == "default" {
		return ""
	}
	return " --profile " + profile
}

// notAssumed says what a role needs so that it can be assumed.
func notAssumed(role string, organization bool) string {
	name := role[strings.LastIndex(role, "/")+1:]
	text := fmt.Sprintf("the role %s cannot be assumed: grant your credentials sts:AssumeRole on it, and let its trust policy name them, with the same external id if it has one (aws iam get-role --role-name %s)", role, name)
	if organization {
		text += "; a StackSet with service-managed permissions makes no role in the management account: deploy infra/aws/member-role.yaml there by itself"
	}
	return text
}

// outage says what to look at for an error of the network or of the service,
// "" for other errors.
func outage(err error) string {
	var untrusted *tls.CertificateVerificationError
	var unresolved *net.DNSError
	var unanswered *net.OpError
	var answer interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &untrusted):
		return "AWS cannot be reached safely, the certificate is not trusted: set AWS_CA_BUNDLE to the file with the certificate authority of your proxy"
	case !cloud.Passing(err):
		return ""
	case errors.As(err, &unresolved) && unresolved.IsNotFound:
		return fmt.Sprintf("AWS cannot be reached, the name %s is not known here (no such host): check the network, the name server and the region (AWS_REGION)", unresolved.Name)
	case errors.As(err, &unanswered):
		return fmt.Sprintf("AWS cannot be reached (%s): check the network, HTTPS_PROXY and AWS_ENDPOINT_URL", unanswered)
	case errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError:
		return fmt.Sprintf("AWS is out of order (%sHTTP %d): try again in some minutes; https://health.aws.amazon.com says what is disturbed", called(err), answer.HTTPStatusCode())
	case throttled(err):
		return ""
	}
	return "AWS does not answer in time" + strings.TrimSuffix(" ("+called(err), ": ") + "): try again, and check the network"
}

func throttled(err error) bool {
	var known *posture.ReadError
	return errors.As(err, &known) && known.Cause.Reason == posture.Throttled
}

// called returns the call that failed, before a colon.
func called(err error) string {
	if failed := innermost(err); failed != nil {
		return failed.ServiceID + " " + failed.OperationName + ": "
	}
	return ""
}
