package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"

	"posture/internal/posture"
	"posture/scanners"
)

func TestCauses(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want posture.Cause
	}{
		"refused":   {&googleapi.Error{Code: 403}, posture.Cause{Reason: posture.Denied, Code: "PERMISSION_DENIED", Permission: "resourcemanager.folders.getIamPolicy"}},
		"quota":     {&googleapi.Error{Code: 403, Errors: []googleapi.ErrorItem{{Reason: "userRateLimitExceeded"}}}, posture.Cause{Reason: posture.Throttled, Code: "RESOURCE_EXHAUSTED"}},
		"throttled": {&googleapi.Error{Code: 429}, posture.Cause{Reason: posture.Throttled, Code: "RESOURCE_EXHAUSTED"}},
		"expired":   {&googleapi.Error{Code: 401}, posture.Cause{Reason: posture.NoCredentials, Code: "UNAUTHENTICATED"}},
		"gone":      {&googleapi.Error{Code: 404}, posture.Cause{Reason: posture.Failed, Code: "NOT_FOUND"}},
		"broken":    {&googleapi.Error{Code: 500}, posture.Cause{Reason: posture.Failed, Code: "INTERNAL"}},
		"slow":      {&googleapi.Error{Code: 504}, posture.Cause{Reason: posture.TimedOut, Code: "DEADLINE_EXCEEDED"}},
		"time":      {fmt.Errorf("post: %w", context.DeadlineExceeded), posture.Cause{Reason: posture.TimedOut}},
		"malformed": {errors.New("invalid character"), posture.Cause{Reason: posture.Malformed}},
		"known":     {&posture.ReadError{Cause: posture.Cause{Reason: posture.NotListed}, Err: io.EOF}, posture.Cause{Reason: posture.NotListed}},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "known" {
				test.want.Operation = opFolderPolicy
			}
			if diff := cmp.Diff(test.want, cause(scanners.Failed(opFolderPolicy, test.err), newProgram(Registry{}).permission)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCauseOfSeveral: of errors that were joined the first one is the cause, with
// nothing of the others in it.
func TestCauseOfSeveral(t *testing.T) {
	silent := scanners.Failed("x.get", &posture.ReasonError{Reason: posture.NotAnswered, Text: "nothing"})
	refused := scanners.Failed("y.list", &googleapi.Error{Code: 403})
	for name, test := range map[string]struct {
		err  error
		want posture.Cause
	}{
		"the first":        {errors.Join(silent, refused), posture.Cause{Reason: posture.NotAnswered, Operation: "x.get"}},
		"the other":        {errors.Join(refused, silent), posture.Cause{Reason: posture.Denied, Operation: "y.list", Code: "PERMISSION_DENIED"}},
		"joined twice":     {errors.Join(errors.Join(silent, refused), refused), posture.Cause{Reason: posture.NotAnswered, Operation: "x.get"}},
		"joined alone":     {errors.Join(errors.Join(silent, refused), nil), posture.Cause{Reason: posture.NotAnswered, Operation: "x.get"}},
		"not listed":       {errors.Join(notListedError{resources}, refused), posture.Cause{Reason: posture.NotListed, Operation: listOperation(resources)}},
		"only a mark, too": {errors.Join(refused, posture.ErrGone), posture.Cause{Reason: posture.Denied, Operation: "y.list", Code: "PERMISSION_DENIED"}},
	} {
		if diff := cmp.Diff(test.want, cause(test.err, nil)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
