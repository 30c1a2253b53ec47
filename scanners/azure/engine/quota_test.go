package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/google/go-cmp/cmp"
)

// TestWaitAsked holds what is understood of when to come again.
func TestWaitAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
		for name, test := range map[string]struct {
			status int
			header map[string]string
			want   time.Duration
		}{
			"seconds":                       {http.StatusTooManyRequests, map[string]string{"Retry-After": "61"}, 61 * time.Second},
			"a date":                        {http.StatusTooManyRequests, map[string]string{"Retry-After": in}, 90 * time.Second},
			"unavailable":                   {http.StatusServiceUnavailable, map[string]string{"Retry-After": "61"}, 61 * time.Second},
			"no sense":                      {http.StatusTooManyRequests, map[string]string{"Retry-After": "soon"}, 0},
			"nothing said":                  {http.StatusTooManyRequests, nil, 0},
			"no refusal":                    {http.StatusOK, map[string]string{"Retry-After": "61"}, 0},
			"no query left":                 {http.StatusOK, map[string]string{"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:01:05"}, 65 * time.Second},
			"no query left, no time":        {http.StatusOK, map[string]string{"x-ms-user-quota-remaining": "0"}, refillTime},
			"queries left":                  {http.StatusOK, map[string]string{"x-ms-user-quota-remaining": "10", "x-ms-user-quota-resets-after": "00:00:05"}, 0},
			"too many queries and how long": {http.StatusTooManyRequests, map[string]string{"x-ms-user-quota-remaining": "0", "Retry-After": "7"}, 7 * time.Second},
		} {
			if got := waitAsked(headers(test.header), test.status); got != test.want {
				t.Errorf("%s: %s, want %s", name, got, test.want)
			}
		}
	})
}

func headers(of map[string]string) http.Header {
	all := http.Header{}
	for name, value := range of {
		all.Set(name, value)
	}
	return all
}

// answering answers all calls alike and notes when they came.
type answering struct {
	began  time.Time
	header map[string]string
	at     []time.Duration
}

// Do implements policy.Transporter.
func (a *answering) Do(r *http.Request) (*http.Response, error) {
	a.at = append(a.at, time.Since(a.began))
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), Header: headers(a.header), Request: r}, nil
}

// get makes a call with its quotas minded.
func (a *answering) get(ctx context.Context, t *testing.T, q *quotas, path, region string) error {
	t.Helper()
	pipeline := runtime.NewPipeline(module, version, runtime.PipelineOptions{}, &policy.ClientOptions{Transport: a, PerCallPolicies: []policy.Policy{q}, PerRetryPolicies: []policy.Policy{noted{q}}})
	request, err := runtime.NewRequest(ctx, http.MethodGet, "https://manager.invalid"+path)
	if err != nil {
		t.Fatal(err)
	}
	request.SetOperationValue(inRegion(region))
	response, err := pipeline.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	return err
}

const (
	networks  = "/subscriptions/a/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n"
	accounts  = "/subscriptions/a/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s/managementPolicies/default"
	container = "/subscriptions/a/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s/blobServices/default/containers"
)

// TestRemaining holds who waits after an answer says that nothing is left.
func TestRemaining(t *testing.T) {
	for name, test := range map[string]struct {
		header map[string]string
		path   string
		waits  time.Duration
	}{
		"of the subscription":    {map[string]string{"x-ms-ratelimit-remaining-subscription-reads": "0"}, accounts, refillTime},
		"of another one":         {map[string]string{"x-ms-ratelimit-remaining-subscription-reads": "0"}, strings.Replace(accounts, "/a/", "/b/", 1), 0},
		"of the tenant":          {map[string]string{"x-ms-ratelimit-remaining-tenant-reads": "0"}, strings.Replace(accounts, "/a/", "/b/", 1), refillTime},
		"of the provider":        {map[string]string{"x-ms-ratelimit-remaining-resource": "Microsoft.Network/Low3Min;5,Microsoft.Network/Low30Min;0"}, networks, refillTime},
		"of another provider":    {map[string]string{"x-ms-ratelimit-remaining-resource": "Microsoft.Network/Low3Min;0"}, accounts, 0},
		"of writes":              {map[string]string{"x-ms-ratelimit-remaining-subscription-writes": "0"}, networks, 0},
		"something of all":       {map[string]string{"x-ms-ratelimit-remaining-subscription-reads": "10"}, networks, 0},
		"something of each kind": {map[string]string{"x-ms-ratelimit-remaining-resource": "Microsoft.Network/Low3Min;10,Microsoft.Network/Low30Min;20"}, networks, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, q := &answering{began: time.Now(), header: test.header}, newQuotas()
				for _, path := range []string{networks, test.path} {
					if err := a.get(t.Context(), t, q, path, ""); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff([]time.Duration{0, test.waits}, a.at); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestBounds holds that Storage is not asked more than it allows in any five
// minutes, in each region of a subscription for itself, listings apart.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := bounds["microsoft.storage"]
		a, q := &answering{began: time.Now()}, newQuotas()
		ask := func(path, region string, times int) time.Duration {
			for range times {
				if err := a.get(t.Context(), t, q, path, region); err != nil {
					t.Fatal(err)
				}
			}
			return a.at[len(a.at)-1]
		}
		for _, step := range []struct {
			path, region string
			times        int
			last         time.Duration
		}{
			{accounts, "westeurope", most.reads, 0},
			{container, "westeurope", most.lists, 0},
			{accounts, "northeurope", most.reads, 0},
			{strings.Replace(accounts, "/a/", "/b/", 1), "westeurope", most.reads, 0},
			{networks, "westeurope", 2 * most.reads, 0},
			{accounts, "westeurope", 1, boundTime},
			{container, "westeurope", most.lists, boundTime},
			{container, "westeurope", 1, 2 * boundTime},
		} {
			if last := ask(step.path, step.region, step.times); last != step.last {
				t.Errorf("%d times %s in %s: the last one after %s, want %s", step.times, step.path, step.region, last, step.last)
			}
		}
	})
}

// TestNoTimeToWait holds that a call is given up at once where it could not be
// made in time, or not for long.
func TestNoTimeToWait(t *testing.T) {
	for name, test := range map[string]struct{ wait, time time.Duration }{
		"no time":  {time.Minute, 30 * time.Second},
		"too long": {time.Hour, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, q := &answering{began: time.Now()}, newQuotas()
				ctx, cancel := context.WithTimeout(t.Context(), test.time)
				defer cancel()
				q.wait(counted{host: "manager.invalid", subscription: "a", provider: "microsoft.network"}, test.wait)
				if err := a.get(ctx, t, q, networks, ""); !errors.Is(err, errNoQuota) {
					t.Error(err)
				}
				if waited := time.Since(a.began); waited != 0 || len(a.at) != 0 {
					t.Errorf("waited %s, %d calls", waited, len(a.at))
				}
			})
		})
	}
}
