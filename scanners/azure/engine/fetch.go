package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

var errOddPath error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "id", Text: "the resource's id makes no path"}

// get reads one JSON object of Azure Resource Manager, with the call's name for
// errors and counts.
func (e *Estate) get(ctx context.Context, operation, path string) ([]byte, error) {
	if strings.Contains(path, "/../") || strings.Contains(path, "/./") || strings.Contains(path, "//") || !strings.HasPrefix(path, "/") {
		return nil, scanners.Failed(operation, errOddPath)
	}
	request, err := runtime.NewRequest(ctx, http.MethodGet, e.options.Cloud.Manager+path)
	if err != nil {
		return nil, scanners.Failed(operation, err)
	}
	request.Raw().Header.Set("Accept", "application/json")
	e.record.Count(operation)
	defer scanners.UnderWay(ctx, operation, "")()
	response, err := e.manager.Do(request) //nolint:bodyclose // both ways below read it to its end and close it
	if err != nil {
		return nil, scanners.Failed(operation, err)
	}
	if !runtime.HasStatusCode(response, http.StatusOK) {
		return nil, scanners.Failed(operation, gone(runtime.NewResponseError(response)))
	}
	body, err := runtime.Payload(response)
	return body, scanners.Failed(operation, err)
}

// fetch reads an object of Azure Resource Manager into a value.
func (e *Estate) fetch(ctx context.Context, operation, path, version string, into any) error {
	body, err := e.get(ctx, operation, withVersion(path, version))
	if err != nil {
		return err
	}
	return scanners.Failed(operation, decode(body, into))
}

// withVersion adds the version of the API, without which there is no answer.
func withVersion(path, version string) string {
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return path + sign + "api-version=" + url.QueryEscape(version)
}

// decode reads an answer that knows a member of what is asked for.
func decode(body []byte, into any) error {
	members, err := answer.Members(body)
	if err == nil {
		err = answer.Check(reflect.TypeOf(into), members)
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) {
		return &posture.ReasonError{Reason: posture.NotUnderstood, Code: odd.Field, Text: "a member of another type than expected"}
	}
	return err
}

// listed is a page of a listing.
type listed[T any] struct {
	Value    *[]T
	NextLink string
}

var errNoValue error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer lacks its list"}

// fetchAll reads a listing to its end. A link to another host is not followed.
func fetchAll[T any](ctx context.Context, e *Estate, operation, path, version string) ([]T, error) {
	var all []T
	ask := func(link string) (listed[T], error) {
		var page listed[T]
		next, err := e.pathOf(link, withVersion(path, version))
		if err != nil {
			return page, err
		}
		body, err := e.get(ctx, operation, next)
		if err == nil {
			err = decode(body, &page)
		}
		if err == nil && page.Value == nil {
			err = errNoValue
		}
		return page, err
	}
	err := answer.Pages(ask, func(page listed[T]) string { return page.NextLink }, func(page listed[T]) bool {
		all = append(all, *page.Value...)
		return true
	})
	return all, scanners.Failed(operation, err)
}

var errAway error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer's next page is on another host"}

// pathOf returns the path of a link to the same host, or the first one.
func (e *Estate) pathOf(link, first string) (string, error) {
	if link == "" {
		return first, nil
	}
	at, err := url.Parse(link)
	if err != nil {
		return "", errAway
	}
	host, err := url.Parse(e.options.Cloud.Manager)
	if err != nil || !strings.EqualFold(at.Host, host.Host) {
		return "", errAway
	}
	return at.RequestURI(), nil
}
