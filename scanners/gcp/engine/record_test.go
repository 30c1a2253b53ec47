package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"posture/scanners"
)

func TestOnlyReads(t *testing.T) {
	invoked := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	for method, want := range map[string]error{
		"/google.cloud.asset.v1.AssetService/ListAssets":   nil,
		"/google.cloud.asset.v1.AssetService/GetFeed":      nil,
		"/google.cloud.asset.v1.AssetService/ExportAssets": scanners.ErrNotReadOnly,
		"/google.cloud.asset.v1.AssetService/CreateFeed":   scanners.ErrNotReadOnly,
	} {
		if err := guard(NewQuota(10), time.Minute)(t.Context(), method, nil, nil, nil, invoked); !errors.Is(err, want) {
			t.Errorf("%s: got %v", method, err)
		}
	}
	transport := readOnly{troubles: newTroubles(), next: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})}
	for request, want := range map[string]error{
		"GET https://example.com/v1/things":                  nil,
		"POST https://example.com/v3/folders/1:getIamPolicy": nil,
		"POST https://example.com/v3/folders/1:setIamPolicy": scanners.ErrNotReadOnly,
		"DELETE https://example.com/v3/folders/1":            scanners.ErrNotReadOnly,
		"PATCH https://example.com/v1/x:getIamPolicy":        scanners.ErrNotReadOnly,
	} {
		method, url, _ := strings.Cut(request, " ")
		made, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(made)
		if response != nil && response.Body != nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v", request, err)
		}
	}
}

// TestUnderWay holds that each call is known while it has no answer.
func TestUnderWay(t *testing.T) {
	calls := &scanners.Calls{}
	ctx := calls.Watch(t.Context())
	var seen []string
	see := func() {
		call, _ := calls.Longest()
		seen = append(seen, call.Operation)
	}
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
		see()
		return nil
	}
	if err := guard(NewQuota(10), time.Minute)(ctx, "/google.cloud.asset.v1.AssetService/ListAssets", nil, nil, nil, invoke); err != nil {
		t.Fatal(err)
	}
	see()
	transport := readOnly{troubles: newTroubles(), next: roundTripper(func(*http.Request) (*http.Response, error) {
		see()
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://storage.googleapis.com/storage/v1/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	see()
	if diff := cmp.Diff([]string{"AssetService/ListAssets", "", "GET storage.googleapis.com", ""}, seen); diff != "" {
		t.Error(diff)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
