package engine

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/api/googleapi"

	"posture/internal/posture"
	"posture/scanners/trouble"
)

const (
	// patience is how long a call is tried again after its first try that failed:
	// within it fits one that hangs, and all tries of one that is told to come
	// again.
	patience = 90 * time.Second
	// shortTry is for a try of a call where calls before it have hung: a full page
	// of the inventory takes some seconds.
	shortTry = 15 * time.Second
)

// inventoryHost is the host of the inventory.
const inventoryHost = "cloudasset.googleapis.com"

// newTroubles returns the services of a pass, by their hosts.
func newTroubles() *trouble.Services[string] {
	return trouble.New[string](trouble.Limits{Patience: patience, ShortTry: shortTry, Sort: outcomeOf})
}

// callKey is the key of the call that a context is of.
type callKey struct{}

// attempt makes one try of the call that the context is of.
func attempt(ctx context.Context, try func(context.Context) error) error {
	if call, begun := ctx.Value(callKey{}).(*trouble.Call); begun {
		return call.Attempt(ctx, try)
	}
	return try(ctx)
}

// outcomeOf sorts the error of a try, or of a call, while its context lasts.
func outcomeOf(err error) trouble.Outcome {
	var rest *googleapi.Error
	why, _ := reason(err)
	switch {
	case why == posture.Throttled:
		return trouble.Throttled
	case why == posture.TimedOut:
		return trouble.Hangs
	case errors.As(err, &rest) && rest.Code >= http.StatusInternalServerError, why == posture.Unreachable, passing(err):
		return trouble.Fails
	default:
		return trouble.Answers
	}
}

// apiVersion matches the part of a path after which the names of things begin.
var apiVersion = regexp.MustCompile(`^v[0-9]+[a-z0-9]*$`)

// operationOf returns what a request asks for, without whose it is:
// "GET projects/zones/instances". Where a path has another form than those of
// Google's APIs do, names may be left in it.
func operationOf(request *http.Request) string {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	for i, part := range parts {
		if apiVersion.MatchString(part) {
			parts = parts[i+1:]
			break
		}
	}
	var kinds []string
	for kind := true; len(parts) > 0; parts = parts[1:] {
		name, verb, _ := strings.Cut(parts[0], ":")
		switch {
		case kind && name == "global": // of Compute Engine: it has no name behind it
			continue
		case kind:
			kinds = append(kinds, name)
		}
		if len(parts) == 1 && verb != "" {
			kinds = append(kinds, verb)
		}
		kind = !kind
	}
	return request.Method + " " + strings.Join(kinds, "/")
}
