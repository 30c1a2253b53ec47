package azblobstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"posture/internal/azuritetest"
	"posture/internal/snapshot/snapshottest"
	"posture/internal/store"
	"posture/internal/store/azblobstore"
	"posture/internal/store/storetest"
)

// containers numbers the containers of this process.
var containers atomic.Int32

// newContainer makes an empty container and returns its name.
func newContainer(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("store-%d", containers.Add(1))
	if _, err := azuritetest.Client(t, http.DefaultTransport).CreateContainer(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return azblobstore.New(azuritetest.Client(t, http.DefaultTransport), newContainer(t), "an installation/1/")
	})
}

func TestRuns(t *testing.T) {
	snapshottest.Run(t, azblobstore.New(azuritetest.Client(t, http.DefaultTransport), newContainer(t), "runs of/1"))
}

func TestPrefix(t *testing.T) {
	client, container := azuritetest.Client(t, http.DefaultTransport), newContainer(t)
	if _, err := client.UploadBuffer(t.Context(), container, "a/b/folder/", nil, nil); err != nil {
		t.Fatal(err)
	}
	storetest.Prefixes(t, func(prefix string) store.Store { return azblobstore.New(client, container, prefix) })
	if got, want := azblobstore.New(client, container, "a/b/").String(), "azblob://"+azuritetest.Account+"/"+container+"/a/b"; got != want {
		t.Errorf("store is called %s, want %s", got, want)
	}
}

func TestNoContainer(t *testing.T) {
	client := azuritetest.Client(t, http.DefaultTransport)
	storetest.NoBucket(t, azblobstore.New(client, "no-such-container", ""), `"0x8DE"`)
}

func isPut(r *http.Request) bool { return r.Method == http.MethodPut }

func TestFaults(t *testing.T) {
	place := func(t *testing.T) func(http.RoundTripper) store.Store {
		container := newContainer(t)
		return func(transport http.RoundTripper) store.Store {
			return azblobstore.New(azuritetest.Client(t, transport), container, "")
		}
	}
	storetest.Faults(t, storetest.Wire{Place: place, IsPut: isPut, NoVersion: `"0x8DE1234567890AB"`})
}

// A version that is no ETag is no blob's; a pattern would match any.
func TestVersions(t *testing.T) {
	s := azblobstore.New(azuritetest.Client(t, http.DefaultTransport), newContainer(t), "")
	version, err := s.PutIfAbsent(t.Context(), "a", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"", "*", `"`, `""`, "x", `W/"1"`, `"*", ` + version, version + ", " + version} {
		if _, err := s.PutIfMatch(t.Context(), "a", other, []byte("two")); !errors.Is(err, store.ErrConflict) {
			t.Errorf("replace version %q: %v, want ErrConflict", other, err)
		}
	}
}

// coded is an answer with a code of Azure's.
func coded(status int, code string) storetest.Answerer {
	return func(r *http.Request) (*http.Response, error) {
		answer, err := storetest.Answer(status)(r)
		answer.Header.Set("x-ms-error-code", code)
		return answer, err
	}
}

// A status says less than its code: a lease or a policy in the way is not
// another writer, and is told at once.
func TestCodes(t *testing.T) {
	container := newContainer(t)
	for code, c := range map[string]struct {
		status int
		want   error
	}{
		"BlobAlreadyExists":         {409, store.ErrExists},
		"ConditionNotMet":           {412, store.ErrExists},
		"LeaseIdMissing":            {412, nil},
		"BlobImmutableDueToPolicy":  {409, nil},
		"AuthorizationFailure":      {403, nil},
		"ContainerBeingDeleted":     {409, nil},
		"PublicAccessNotPermitted":  {409, nil},
		"InvalidAuthenticationInfo": {401, nil},
	} {
		fault := &storetest.Fault{IsPut: isPut, Do: coded(c.status, code)}
		fault.Times.Store(2)
		s := azblobstore.New(azuritetest.Client(t, fault), container, "")
		_, err := s.PutIfAbsent(t.Context(), "a", []byte("x"))
		if err == nil || c.want != nil && !errors.Is(err, c.want) || c.want == nil && errors.Is(err, store.ErrExists) || fault.Times.Load() != 1 {
			t.Errorf("%s: %v with %d tries left, want %v", code, err, fault.Times.Load(), c.want)
		}
		if c.want == nil && (!strings.Contains(err.Error(), code) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: error is %q, want the code on one line", code, err)
		}
	}
}

// A signature in a client's URL grants access: neither the store's name nor
// its errors repeat it.
func TestSignature(t *testing.T) {
	dead := &storetest.Fault{IsPut: func(*http.Request) bool { return true }, Do: storetest.Reset}
	dead.Times.Store(1000)
	options := azblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: dead}, Retry: policy.RetryOptions{MaxRetries: -1},
	}}
	client, err := azblob.NewClientWithNoCredential("https://shop.blob.core.windows.net/?sv=2026-01-01&sig=c2VjcmV0", &options)
	if err != nil {
		t.Fatal(err)
	}
	s := azblobstore.New(client, "evidence", "")
	_, get := s.Get(t.Context(), "a")
	_, put := s.PutIfAbsent(t.Context(), "a", nil)
	said := fmt.Sprint(s, get, put, s.Delete(t.Context(), "a"))
	for _, err := range s.List(t.Context(), "") {
		said += fmt.Sprint(err)
	}
	if get == nil || put == nil || strings.Contains(said, "c2VjcmV0") || s.String() != "azblob://shop/evidence" {
		t.Errorf("store and its errors: %s", said)
	}
}

// checksums is a transport that keeps the checksums of what is put.
type checksums struct{ sent []string }

func (c *checksums) RoundTrip(r *http.Request) (*http.Response, error) {
	for name, values := range r.Header { // the library does not write it in canonical form
		if strings.EqualFold(name, "x-ms-content-crc64") {
			c.sent = append(c.sent, values...)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// The emulator does not look at checksums: ours are to be those that the
// client library computes.
func TestChecksum(t *testing.T) {
	var log checksums
	client, container := azuritetest.Client(t, &log), newContainer(t)
	if _, err := azblobstore.New(client, container, "").PutIfAbsent(t.Context(), "a", []byte("some text")); err != nil {
		t.Fatal(err)
	}
	library := client.ServiceClient().NewContainerClient(container).NewBlockBlobClient("b")
	_, err := library.Upload(t.Context(), streaming.NopCloser(strings.NewReader("some text")),
		&blockblob.UploadOptions{TransactionalValidation: blob.TransferValidationTypeComputeCRC64()})
	if err != nil || len(log.sent) != 2 || log.sent[0] == "" || log.sent[0] != log.sent[1] {
		t.Errorf("checksums %q, %v, want two that are the same", log.sent, err)
	}
}

// noToken is a credential that has none.
type noToken struct{}

// unsentError is what the credentials of azidentity return.
type unsentError struct{}

func (unsentError) Error() string { return "credentials have expired" }

func (unsentError) NonRetriable() {}

func (noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, unsentError{}
}

func TestNewClient(t *testing.T) {
	for _, account := range []string{"", "ab", "Shop", "shop.example.com", "evil/", "a@b", strings.Repeat("a", 25)} {
		if _, err := azblobstore.NewClient(account, ".blob.core.windows.net", noToken{}); err == nil {
			t.Errorf("account %q is accepted", account)
		}
	}
	client, err := azblobstore.NewClient("shop1", ".blob.core.chinacloudapi.cn", noToken{})
	if err != nil {
		t.Fatal(err)
	}
	if got := client.URL(); got != "https://shop1.blob.core.chinacloudapi.cn/" {
		t.Errorf("the client is for %s", got)
	}
	start := time.Now()
	_, err = azblobstore.New(client, "evidence", "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "have expired") || time.Since(start) > 5*time.Second {
		t.Errorf("put without credentials: %v after %v", err, time.Since(start))
	}
}
