package engine

import (
	"net/http"
	"strings"
	"time"

	"github.com/googleapis/gax-go/v2/apierror"

	"posture/scanners"
)

// triedInventory says what came of a call of the inventory.
func triedInventory(method string, in any, err error, took time.Duration) scanners.Try {
	tried := scanners.Try{Operation: method[strings.LastIndex(method, ".")+1:], Took: took}
	if of, ok := in.(interface{ GetParent() string }); ok {
		tried.Place = of.GetParent()
	}
	return failedTry(tried, err)
}

// triedREST says what came of a request to a REST API.
func triedREST(request *http.Request, response *http.Response, err error, took time.Duration) scanners.Try {
	_, asked, _ := strings.Cut(operationOf(request), " ")
	tried := scanners.Try{Operation: request.Method + " " + request.URL.Host + "/" + asked, Place: projectOf(request.URL.Path), Took: took}
	if response != nil {
		tried.Status, tried.RequestID = response.StatusCode, response.Header.Get("X-Goog-Request-Id")
		if tried.RequestID == "" {
			tried.RequestID = response.Header.Get("X-Guploader-Uploadid") // of Cloud Storage
		}
	}
	return failedTry(tried, err)
}

// failedTry returns the try with what its error says, if it has one.
func failedTry(tried scanners.Try, err error) scanners.Try {
	if err == nil {
		return tried
	}
	why, code := reason(err)
	if code == "" {
		code = string(why)
	}
	tried.Code, tried.Said = code, messageOf(err)
	if known, ok := apierror.FromError(err); ok && tried.RequestID == "" {
		if info := known.Details().RequestInfo; info != nil {
			tried.RequestID = info.RequestId
		}
	}
	return tried
}

// projectOf returns the project, folder or organization that a path is of, ""
// for none.
func projectOf(path string) string {
	for _, kind := range []string{"projects", "folders", "organizations"} {
		if _, rest, found := strings.Cut(path, "/"+kind+"/"); found {
			name, _, _ := strings.Cut(rest, "/")
			name, _, _ = strings.Cut(name, ":")
			return kind + "/" + name
		}
	}
	return ""
}
