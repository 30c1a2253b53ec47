package scanners_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

type bucketDoc struct {
	Versioning bool `json:"versioning"`
	Public     bool `json:"public"`
}

// shop is a small cloud.
func shop() scanners.Catalogue {
	return scanners.Catalogue{
		Opening: []scanners.Call{{Op: "id:Who"}},
		Beside:  []scanners.Call{{Op: "log:Changes"}},
		Types: []scanners.Type{
			{
				Name: "Shop::Bucket", Service: "store", Doc: bucketDoc{},
				Calls: []scanners.Call{
					{Op: "store:ListBuckets", Permission: "store:ListAll"},
					{Op: "store:GetVersioning", Each: true, For: []string{"versioning"}},
					{Op: "store:GetPolicy", Each: true, For: []string{"public"}},
					{Op: "store:GetBucket", Again: true},
				},
				Console: scanners.Console{Path: "/b/{name}?in={region}"},
			},
			{
				Name: "Shop::Setting", Service: "account", Doc: struct{}{}, Global: true,
				Calls:   []scanners.Call{{Op: "account:GetSetting"}},
				Console: scanners.Console{None: "a setting has no page"},
			},
		},
		Place: func(r posture.Resource) (string, map[string]string) {
			return "https://console.shop.example", map[string]string{"name": r.Name, "region": r.Region}
		},
	}
}

func TestCatalogue(t *testing.T) {
	c := shop()
	if diff := cmp.Diff([]string{"account", "store"}, c.Services()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"Shop::Bucket": bucketDoc{}, "Shop::Setting": struct{}{}}, c.Docs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Shop::Bucket"}, c.TypesOf([]string{"store"})); diff != "" || c.TypesOf(nil) != nil {
		t.Error(diff)
	}
	if err := c.CheckServices([]string{"store", "stores"}); err == nil || !strings.Contains(err.Error(), `"stores": expected one of account, store`) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"account:GetSetting", "id:Who", "log:Changes"}, c.Permissions("account")); diff != "" {
		t.Error(diff)
	}
	all := map[string]string{
		"id:Who": "id:Who", "log:Changes": "log:Changes", "store:ListBuckets": "store:ListAll", "store:GetVersioning": "store:GetVersioning",
		"store:GetPolicy": "store:GetPolicy", "store:GetBucket": "store:GetBucket", "account:GetSetting": "account:GetSetting",
	}
	if diff := cmp.Diff(all, c.PermissionsByOp()); diff != "" {
		t.Error(diff)
	}
}

// TestCalls: what no rule reads is not asked for.
func TestCalls(t *testing.T) {
	var got []string
	for _, call := range shop().Calls(posture.Want{"Shop::Bucket": {"versioning"}}) {
		got = append(got, call.Type+" "+call.Op)
	}
	want := []string{" id:Who", "Shop::Bucket store:ListBuckets", "Shop::Bucket store:GetVersioning"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLink: strangers name resources, and no name leaves its place in the
// address.
func TestLink(t *testing.T) {
	for name, want := range map[string]string{
		"logs":            "https://console.shop.example/b/logs?in=eu",
		"a/b?c#d<e>|f\"g": "https://console.shop.example/b/a%2Fb%3Fc%23d%3Ce%3E%7Cf%22g?in=eu",
		"a b+c":           "https://console.shop.example/b/a%20b%2Bc?in=eu",
		"..":              "",
		"":                "",
	} {
		if got := shop().Link(posture.Resource{Type: "Shop::Bucket", Name: name, Region: "eu"}); got != want {
			t.Errorf("%q: got %s", name, got)
		}
	}
	if got := shop().Link(posture.Resource{Type: "Shop::Setting", Name: "a", Region: "eu"}); got != "" {
		t.Errorf("got %s", got)
	}
}

// TestLinkWords: a type may have words of its own, and a console another way
// to escape them.
func TestLinkWords(t *testing.T) {
	shop := shop()
	shop.Types[0].Console = scanners.Console{
		Path:  "/b#in/{region}/{$name}/{shelf}",
		Words: func(r posture.Resource) map[string]string { return map[string]string{"shelf": r.Tags["shelf"]} },
	}
	r := posture.Resource{Type: "Shop::Bucket", Name: "a/b c", Region: "eu", Tags: map[string]string{"shelf": "top/left"}}
	if got, want := shop.Link(r), "https://console.shop.example/b#in/eu/a$252Fb$2520c/top%2Fleft"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r.Tags = nil
	if got := shop.Link(r); got != "" {
		t.Errorf("a link without a shelf: %s", got)
	}
}

// TestOnce: what is asked for at once is fetched once, an error too.
func TestOnce(t *testing.T) {
	var memo scanners.Memo
	var mu sync.Mutex
	calls := map[string]int{}
	var all sync.WaitGroup
	for range 20 {
		for _, key := range []string{"good", "bad", "mad"} {
			all.Go(func() {
				got, err := scanners.Once(&memo, key, func() (int, error) {
					mu.Lock()
					calls[key]++
					mu.Unlock()
					switch key {
					case "bad":
						return 0, errNo
					case "mad":
						var none []int
						return none[1], nil
					}
					return 7, nil
				})
				want := map[string]error{"bad": errNo, "mad": scanners.ErrPanic}[key]
				if !errors.Is(err, want) || want == nil && (err != nil || got != 7) {
					t.Errorf("%s: %d, %v", key, got, err)
				}
			})
		}
	}
	all.Wait()
	if diff := cmp.Diff(map[string]int{"good": 1, "bad": 1, "mad": 1}, calls); diff != "" {
		t.Error(diff)
	}
}

var errNo = errors.New("no")

func TestCheckRead(t *testing.T) {
	for operation, want := range map[string]error{
		"GetBucketAcl": nil, "ListAssets": nil, "DescribeRegions": nil, "BatchGetProjects": nil, "LookupEvents": nil, "Get": nil, "GenerateCredentialReport": nil,
		"PutBucketAcl": scanners.ErrNotReadOnly, "DeleteBucket": scanners.ErrNotReadOnly, "Getaway": scanners.ErrNotReadOnly, "": scanners.ErrNotReadOnly,
		"GenerateDataKey": scanners.ErrNotReadOnly, "listBuckets": scanners.ErrNotReadOnly, "AssumeRole": scanners.ErrNotReadOnly,
	} {
		if got := scanners.CheckRead(operation, "GenerateCredentialReport"); !errors.Is(got, want) {
			t.Errorf("%s: %v", operation, got)
		}
	}
}

// TestEmit: resources come one at a time, whole, and their unread fields once.
func TestEmit(t *testing.T) {
	var got []posture.Resource
	e := scanners.Emitter{Provider: "shop", Account: "7", Link: shop().Link, Sink: func(r posture.Resource) { got = append(got, r) }}
	unread := func(field, op string) posture.Unread {
		return posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.Denied, Operation: op}}
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			e.Emit(posture.Resource{Type: "Shop::Bucket", ID: "b", Region: "eu", Unread: []posture.Unread{unread("b", "first"), unread("a", "x"), unread("b", "second")}})
		})
	}
	all.Wait()
	want := posture.Resource{
		Provider: "shop", Account: "7", Type: "Shop::Bucket", ID: "b", Name: "b", Region: "eu", Link: "https://console.shop.example/b/b?in=eu",
		Unread: []posture.Unread{unread("a", "x"), unread("b", "first")},
	}
	if len(got) != 10 {
		t.Fatalf("%d were emitted", len(got))
	}
	for _, r := range got {
		if diff := cmp.Diff(want, r); diff != "" {
			t.Error(diff)
		}
	}
}
