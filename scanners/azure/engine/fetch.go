package engine

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

var errOddPath error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "id", Text: "the resource's id makes no path"}

// api is how requests go out to one host.
type api struct {
	pipeline runtime.Pipeline
	host     string
	region   string // of what is read, where it is known
}

// in returns the same for what is in a region.
func (a api) in(region string) api {
	a.region = region
	return a
}

// get reads one JSON object from a path, with the call's name for errors and
// counts.
func (e *Estate) get(ctx context.Context, of api, operation, path string) ([]byte, error) {
	bare, _, _ := strings.Cut(path, "?")
	if e.export != nil {
		return nil, scanners.Failed(operation, errExport)
	}
	if strings.Contains(bare, "/../") || strings.Contains(bare, "/./") || strings.Contains(bare, "//") || !strings.HasPrefix(bare, "/") {
		return nil, scanners.Failed(operation, errOddPath)
	}
	request, err := runtime.NewRequest(ctx, http.MethodGet, of.host+path)
	if err != nil {
		return nil, scanners.Failed(operation, err)
	}
	return e.send(of, operation, request)
}

// send sends a request and returns the answer's body.
func (e *Estate) send(to api, operation string, request *policy.Request) ([]byte, error) {
	request.Raw().Header.Set("Accept", "application/json")
	request.SetOperationValue(inRegion(to.region))
	e.record.Count(operation)
	request = request.WithContext(named(request.Raw().Context(), operation))
	defer scanners.UnderWay(request.Raw().Context(), operation, "")()
	response, err := to.pipeline.Do(request) //nolint:bodyclose // both ways below read it to its end and close it
	if err != nil {
		return nil, scanners.Failed(operation, err)
	}
	if !runtime.HasStatusCode(response, http.StatusOK) {
		return nil, scanners.Failed(operation, gone(runtime.NewResponseError(response)))
	}
	body, err := runtime.Payload(response)
	return body, scanners.Failed(operation, err)
}

// getInto reads an object of Azure Resource Manager into a value. The path has
// its version.
func (e *Estate) getInto(ctx context.Context, of api, operation, path string, into any) error {
	body, err := e.get(ctx, of, operation, path)
	if err != nil {
		return err
	}
	return scanners.Failed(operation, answer.Decode(body, into))
}

// withVersion adds the version of the API, without which there is no answer.
func withVersion(path, version string) string {
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return path + sign + "api-version=" + url.QueryEscape(version)
}

// listed is a page of a listing of Azure Resource Manager, or of Microsoft
// Graph, which names the link otherwise.
type listed[T any] struct {
	Value     *[]T
	NextLink  string
	ODataNext string `json:"@odata.nextLink"`
}

func (l listed[T]) next() string { return cmp.Or(l.NextLink, l.ODataNext) }

var errNoValue error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer lacks its list"}

// fetchAll reads a listing of Azure Resource Manager to its end.
func fetchAll[T any](ctx context.Context, e *Estate, operation, path, version string) ([]T, error) {
	return pagesOf[T](ctx, e, e.manager, operation, withVersion(path, version))
}

// pagesOf reads a listing to its end. A link to another host is not followed.
func pagesOf[T any](ctx context.Context, e *Estate, of api, operation, path string) ([]T, error) {
	var all []T
	ask := func(link string) (listed[T], error) {
		var page listed[T]
		next, err := of.pathOf(link, path)
		if err != nil {
			return page, err
		}
		body, err := e.get(ctx, of, operation, next)
		if err != nil {
			return page, err
		}
		return pageOf[T](body)
	}
	err := answer.Pages(ask, listed[T].next, func(page listed[T]) bool {
		all = append(all, *page.Value...)
		return true
	})
	return all, scanners.Failed(operation, err)
}

// pageOf reads a page of a listing.
func pageOf[T any](body []byte) (listed[T], error) {
	var page listed[T]
	err := answer.Decode(body, &page)
	if err == nil && page.Value == nil {
		err = errNoValue
	}
	return page, err
}

var errAway error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer's next page is on another host"}

// pathOf returns the path of a link to the same host, or the first one.
func (a api) pathOf(link, first string) (string, error) {
	if link == "" {
		return first, nil
	}
	at, err := url.Parse(link)
	if err != nil {
		return "", errAway
	}
	host, err := url.Parse(a.host)
	if err != nil || !strings.EqualFold(at.Host, host.Host) {
		return "", errAway
	}
	return at.RequestURI(), nil
}
