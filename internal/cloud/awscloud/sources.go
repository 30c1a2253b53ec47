package awscloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"

	"posture/internal/cloud"
)

// source is where the SDK takes credentials from.
type source struct {
	profile string                 // by flag, environment or default
	own     awsconfig.SharedConfig // of the profile; empty where there is none
	env     awsconfig.EnvConfig
	asked   bool // somebody names the profile
}

// sourceOf returns where credentials come from, given the profile of the flag.
// What cannot be read of it made loading fail before.
func sourceOf(ctx context.Context, profile string) source {
	s := source{asked: profile != ""}
	s.env, _ = awsconfig.NewEnvConfig()
	s.profile = cmp.Or(profile, s.env.SharedConfigProfile, "default")
	s.own, _ = awsconfig.LoadSharedConfigProfile(ctx, s.profile, func(o *awsconfig.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = configFiles(s.env), credentialsFiles(s.env)
	})
	return s
}

func configFiles(env awsconfig.EnvConfig) []string {
	return []string{cmp.Or(env.SharedConfigFile, awsconfig.DefaultSharedConfigFilename())}
}

func credentialsFiles(env awsconfig.EnvConfig) []string {
	return []string{cmp.Or(env.SharedCredentialsFile, awsconfig.DefaultSharedCredentialsFilename())}
}

// base returns the profile that a chain of roles begins with.
func (s source) base() awsconfig.SharedConfig {
	own := s.own
	for own.Source != nil {
		own = *own.Source
	}
	return own
}

// sso reports whether the credentials are those of an SSO session.
func (s source) sso() bool {
	base := s.base()
	return base.SSOSessionName != "" || base.SSOStartURL != ""
}

// tokenFile returns the file of a web identity token, "" for none.
func (s source) tokenFile() string {
	if s.asked {
		return s.base().WebIdentityTokenFile
	}
	return cmp.Or(s.env.WebIdentityTokenFilePath, s.base().WebIdentityTokenFile)
}

// explain says why there are no credentials, and what to do. The SDK's text is
// not shown: it may quote what a program printed.
func (s source) explain(err error) error {
	var process *processcreds.ProviderError
	failed := innermost(err)
	switch {
	case errors.As(err, &process):
		return fmt.Errorf("the credential_process of profile %s gives no credentials%s; run it by itself to see why: aws sts get-caller-identity --profile %s", s.profile, exitStatus(err), s.profile)
	case failed != nil && failed.ServiceID == "ec2imds":
		return s.noMachine(err)
	case outage(err) != "":
		return &sentence{"get AWS credentials: " + outage(err), err}
	case s.tokenFile() != "" && unreadable(s.tokenFile()):
		return fmt.Errorf("the web identity token file %s cannot be read: correct AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of profile %s", s.tokenFile(), s.profile)
	case failed != nil && failed.ServiceID == "STS":
		return s.refused(failed)
	case s.sso():
		return s.signedOut(failed)
	}
	return fmt.Errorf("%s (%w)", noneFound, err)
}

// noneFound is said where nothing names credentials.
const noneFound = "no AWS credentials were found: set AWS_PROFILE, pass --profile NAME, or sign in with aws sso login"

// noMachine says why the metadata service of a machine gave no credentials. It
// is asked last, where nothing else is set: that nobody answers then is no
// fault of the network, for most computers have none.
func (s source) noMachine(err error) error {
	named := s.env.EC2IMDSEndpoint != "" || s.own.CredentialSource != ""
	switch {
	case cloud.Passing(err) && (named || answered(err)):
		return &sentence{"the metadata service of this machine does not answer, so there are no credentials of its role: on EC2 try again, and in a container raise the hop limit to 2 (aws ec2 modify-instance-metadata-options); elsewhere pass --profile NAME", err}
	case answered(err):
		return errors.New(noneFound + "; the metadata service of this machine knows no role: attach one with aws ec2 associate-iam-instance-profile")
	}
	return errors.New(noneFound + "; no metadata service of a machine answers here")
}

// answered reports whether somebody answered at all.
func answered(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() != 0
}

// refused says why STS gave no credentials of a role that the environment or
// the profile names.
func (s source) refused(failed *smithy.OperationError) error {
	code, said := codeOf(failed), messageOf(failed)
	if text := badCredentials(code, said, s.profile); text != "" {
		return fmt.Errorf("%s (%s: %s)", text, failed.OperationName, code)
	}
	if failed.OperationName == "AssumeRoleWithWebIdentity" {
		return fmt.Errorf("AWS does not take the web identity token for the role %s (%s): compare its issuer with the identity providers of the account (aws iam list-open-id-connect-providers), and its subject with the role's trust policy", cmp.Or(s.own.RoleARN, s.env.RoleARN), code)
	}
	return fmt.Errorf("%s (%s)", notAssumed(s.own.RoleARN, false), code)
}

// signedOut says that the session of SSO is over, or may not use the role.
func (s source) signedOut(failed *smithy.OperationError) error {
	base := s.base()
	if failed != nil && codeOf(failed) == "ForbiddenException" {
		return fmt.Errorf("profile %s: IAM Identity Center does not let you use %s in account %s: correct the profile with aws configure sso, or ask who administers it", s.profile, base.SSORoleName, base.SSOAccountID)
	}
	return fmt.Errorf("the SSO session of profile %s has expired or was never begun, run: aws sso login --profile %s", s.profile, s.profile)
}

// exitStatus returns how a program ended, in brackets, "" where it ended well.
func exitStatus(err error) string {
	var ended interface{ ExitCode() int }
	if errors.As(err, &ended) {
		return fmt.Sprintf(" (exit status %d)", ended.ExitCode())
	}
	return ""
}

func unreadable(file string) bool {
	_, err := os.ReadFile(file)
	return err != nil
}

// innermost returns the call that failed, nil where none was made.
func innermost(err error) *smithy.OperationError {
	var found, deeper *smithy.OperationError
	for errors.As(err, &deeper) {
		found, err = deeper, deeper.Err
	}
	return found
}

func codeOf(err error) string {
	var api smithy.APIError
	var answer interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &api):
		return api.ErrorCode()
	case errors.As(err, &answer):
		return http.StatusText(answer.HTTPStatusCode())
	}
	return "no code"
}

func messageOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}
