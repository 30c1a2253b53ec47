// Package federation gets credentials of Google Cloud for a program on AWS by
// workload identity federation: the program's AWS identity is exchanged for a
// short-lived token, and no key is stored anywhere. It takes the file that
// gcloud iam workload-identity-pools create-cred-config writes, which says
// where and for what; the library does not check it, so that this does.
// Begin with Credentials.
package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials/externalaccount"
	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/scanners/gcp"
)

const (
	scope        = "https://www.googleapis.com/auth/cloud-platform"
	tokenURL     = "https://sts.googleapis.com/v1/token"         //nolint:gosec // an address
	subjectToken = "urn:ietf:params:aws:token-type:aws4_request" //nolint:gosec // a name
	universe     = "googleapis.com"
)

var (
	tokenForm    = regexp.MustCompile(`^https://sts(\.[a-z0-9-]+\.rep)?\.googleapis\.com/v1/token$`)
	providerForm = regexp.MustCompile(`^//iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$`)
	accountForm  = regexp.MustCompile(`^https://iamcredentials\.googleapis\.com/v1/projects/[a-z0-9:.-]+/serviceAccounts/([a-z0-9-]+@[a-z0-9.:-]+):generateAccessToken$`)
)

// ErrKey says that a file holds a key: a secret, which has no place where the
// results are.
var ErrKey = errors.New("it holds a key, which does not belong here: delete it with all its versions and revoke the key; expected the file of gcloud iam workload-identity-pools create-cred-config, which holds no secret")

// Identity is who the program is on AWS.
type Identity struct {
	Credentials aws.CredentialsProvider
	Region      string
	Transport   http.RoundTripper // by which Google is asked; nil: the default one
}

// file is the credential configuration. What else there is in it is where
// other libraries look for an AWS identity, which we have.
type file struct {
	Type             string `json:"type"`
	Audience         string `json:"audience"`
	SubjectTokenType string `json:"subject_token_type"`
	TokenURL         string `json:"token_url"`
	ImpersonationURL string `json:"service_account_impersonation_url"`
	Impersonation    struct {
		Seconds int `json:"token_lifetime_seconds"`
	} `json:"service_account_impersonation"`
	Universe string `json:"universe_domain"`

	PrivateKey   string `json:"private_key"`
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
}

// Credentials returns those that the file gives the identity, and the service
// account that they stand for, "" where the file names none. It makes no call,
// and trusts no address in the file but Google's own.
func Credentials(name string, text []byte, as Identity) (credentials *auth.Credentials, caller string, err error) {
	f, err := parse(text)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	if found := accountForm.FindStringSubmatch(f.ImpersonationURL); found != nil {
		caller = found[1]
	}
	credentials, err = externalaccount.NewCredentials(&externalaccount.Options{
		Audience: f.Audience, SubjectTokenType: f.SubjectTokenType, TokenURL: f.TokenURL, UniverseDomain: universe,
		ServiceAccountImpersonationURL:             f.ImpersonationURL,
		ServiceAccountImpersonationLifetimeSeconds: f.Impersonation.Seconds,
		Scopes:                         []string{scope},
		AwsSecurityCredentialsProvider: as,
		Client:                         gcp.SignInClient(as.Transport),
	})
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	return credentials, caller, nil
}

// parse reads the file and checks it. No error quotes it: it may hold what it
// should not.
func parse(text []byte) (file, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return file{}, errors.New("it is no JSON: expected the file of gcloud iam workload-identity-pools create-cred-config")
	}
	if f.PrivateKey != "" || f.ClientSecret != "" || f.RefreshToken != "" {
		return file{}, ErrKey
	}
	for _, check := range []struct {
		right bool
		field string
		want  string
	}{
		{f.Type == "external_account", "type", "external_account"},
		{providerForm.MatchString(f.Audience), "audience", "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"},
		{f.SubjectTokenType == subjectToken, "subject_token_type", subjectToken + ", by --aws"},
		{tokenForm.MatchString(f.TokenURL), "token_url", "https://sts.googleapis.com/v1/token"},
		{f.ImpersonationURL == "" || accountForm.MatchString(f.ImpersonationURL), "service_account_impersonation_url", "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ACCOUNT:generateAccessToken"},
		{f.Universe == "" || f.Universe == universe, "universe_domain", universe},
	} {
		if !check.right {
			return file{}, fmt.Errorf("%s: expected %s", check.field, check.want)
		}
	}
	return f, nil
}

// AwsRegion returns where the identity is signed for.
func (i Identity) AwsRegion(context.Context, *externalaccount.RequestOptions) (string, error) {
	if i.Region == "" {
		return "", errors.New("the AWS region is not known")
	}
	return i.Region, nil
}

// AwsSecurityCredentials returns what the identity is proved with.
func (i Identity) AwsSecurityCredentials(ctx context.Context, _ *externalaccount.RequestOptions) (*externalaccount.AwsSecurityCredentials, error) {
	own, err := i.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the AWS credentials: %w", err)
	}
	return &externalaccount.AwsSecurityCredentials{
		AccessKeyID: own.AccessKeyID, SecretAccessKey: own.SecretAccessKey, SessionToken: own.SessionToken,
	}, nil
}
