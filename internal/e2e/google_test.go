package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"posture/internal/proxytest"
	"posture/scanners/gcp/gcptest"
)

// What the exchange goes by.
const (
	pool         = "//iam.googleapis.com/projects/4001/locations/global/workloadIdentityPools/posture/providers/aws"
	account      = "posture-scan@my-posture.iam.gserviceaccount.com"
	sessionToken = "made-up-session"
	federated    = "federated-token-never-to-be-seen"
	granted      = "granted-token-never-to-be-seen"
)

// googleFile is what gcloud iam workload-identity-pools create-cred-config
// writes.
const googleFile = `{
  "universe_domain": "googleapis.com",
  "type": "external_account",
  "audience": "` + pool + `",
  "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
  "token_url": "https://sts.googleapis.com/v1/token",
  "credential_source": {
    "environment_id": "aws1",
    "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
    "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
  },
  "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/` + account + `:generateAccessToken"
}`

// google is a Google Cloud on this machine under Google's own names.
type google struct {
	t         *testing.T
	inventory *gcptest.Server
	grpc      *grpc.Server
	rest      http.Handler
	proxy     *proxytest.Proxy

	mu     sync.Mutex
	refuse string   // the host that gives no token
	asked  []string // the hosts that were asked for tokens, and the calls that came with the granted one
	wrong  []string // what no program should do
}

// newGoogle starts it, with the estate that the scanners' tests stand on.
func newGoogle(t *testing.T) *google {
	t.Helper()
	var estate []io.Reader
	for _, name := range []string{"hierarchy", "storage"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "scanners", "gcp", "testdata", name+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		estate = append(estate, bytes.NewReader(text))
	}
	inventory, err := gcptest.Start(estate...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inventory.Close)
	target, err := url.Parse(inventory.URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &google{t: t, inventory: inventory, rest: httputil.NewSingleHostReverseProxy(target)}
	g.grpc = grpc.NewServer(grpc.UnaryInterceptor(g.authorize))
	t.Cleanup(g.grpc.Stop)
	assetpb.RegisterAssetServiceServer(g.grpc, inventory)
	g.proxy = proxytest.Start(t, g, "*.googleapis.com")
	return g
}

// faults returns what no program should do.
func (g *google) faults() []string { return slices.Concat(g.wrong, g.proxy.Wrong()) }

func (g *google) note(list *[]string, what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*list = append(*list, what)
}

// ServeHTTP answers for all of Google's names.
func (g *google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	refused := g.refuse == r.Host
	g.mu.Unlock()
	switch host := r.Host; {
	case host == "sts.googleapis.com":
		g.note(&g.asked, host)
		g.exchange(w, r, refused)
	case host == "oauth2.googleapis.com":
		g.note(&g.asked, host)
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": 3599}`, granted)
	case host == "iamcredentials.googleapis.com":
		g.note(&g.asked, host)
		g.impersonate(w, r, refused)
	case r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		g.grpc.ServeHTTP(w, r)
	default:
		if r.Header.Get("Authorization") != "Bearer "+granted {
			g.note(&g.wrong, "REST without the token: "+r.Host+r.URL.Path)
		}
		g.rest.ServeHTTP(w, r)
	}
}

// authorize lets in calls of the inventory that carry the granted token.
func (g *google) authorize(ctx context.Context, call any, info *grpc.UnaryServerInfo, do grpc.UnaryHandler) (any, error) {
	sent, _ := metadata.FromIncomingContext(ctx)
	if got := strings.Join(sent.Get("authorization"), ","); got != "Bearer "+granted {
		g.note(&g.wrong, "gRPC with "+got)
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	g.note(&g.asked, info.FullMethod)
	return do(ctx, call)
}

// exchange is the Security Token Service: an AWS identity for a token.
func (g *google) exchange(w http.ResponseWriter, r *http.Request, refused bool) {
	w.Header().Set("Content-Type", "application/json")
	if err := identity(r); err != nil || refused {
		if err != nil {
			g.note(&g.wrong, err.Error())
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "unauthorized_client", "error_description": "The given credential is rejected by the attribute condition."}`)
		return
	}
	fmt.Fprintf(w, `{"access_token": %q, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "token_type": "Bearer", "expires_in": 3599}`, federated)
}

// identity verifies a request for an exchange: that what it sends is a call of
// GetCallerIdentity for this pool, signed by the AWS identity as the AWS SDK
// signs it.
func identity(r *http.Request) error {
	for name, want := range map[string]string{
		"audience": pool, "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
		"subject_token_type":   "urn:ietf:params:aws:token-type:aws4_request",
		"requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
	} {
		if got := r.PostFormValue(name); got != want {
			return fmt.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	text, err := url.QueryUnescape(r.PostFormValue("subject_token"))
	if err != nil {
		return err
	}
	var call struct {
		URL, Method string
		Headers     []struct{ Key, Value string }
	}
	if err := json.Unmarshal([]byte(text), &call); err != nil {
		return err
	}
	sent := http.Header{}
	for _, header := range call.Headers {
		sent.Set(header.Key, header.Value)
	}
	return signed(call.Method, call.URL, sent)
}

// signed verifies the call's signature.
func signed(method, address string, sent http.Header) error {
	again, err := http.NewRequest(method, address, http.NoBody)
	if err != nil {
		return err
	}
	if address != "https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15" || sent.Get("X-Goog-Cloud-Target-Resource") != pool {
		return fmt.Errorf("signed %s for %q", address, sent.Get("X-Goog-Cloud-Target-Resource"))
	}
	again.Header.Set("X-Goog-Cloud-Target-Resource", pool)
	at, err := time.Parse("20060102T150405Z", sent.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	nothing := sha256.Sum256(nil)
	own := aws.Credentials{AccessKeyID: "AKIA" + "123456789012" + "TEST", SecretAccessKey: "made-up", SessionToken: sessionToken}
	if err := v4.NewSigner().SignHTTP(context.Background(), own, again, hex.EncodeToString(nothing[:]), "sts", "us-east-1", at); err != nil {
		return err
	}
	if got, want := sent.Get("Authorization"), again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("signed as %q, the AWS SDK as %q", got, want)
	}
	return nil
}

// impersonate is the IAM Credentials API: a token of the pool for one of the
// service account.
func (g *google) impersonate(w http.ResponseWriter, r *http.Request, refused bool) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/v1/projects/-/serviceAccounts/"+account+":generateAccessToken" || r.Header.Get("Authorization") != "Bearer "+federated {
		g.note(&g.wrong, r.URL.Path+" with "+r.Header.Get("Authorization"))
		refused = true
	}
	if refused {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."}}`)
		return
	}
	fmt.Fprintf(w, `{"accessToken": %q, "expireTime": %q}`, granted, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}
