// Command scan-gcp is the Lambda function that reads Google Cloud, with the AWS
// identity of its role and no stored key. Asked for a slot it opens the run;
// asked for a run it scans what has no part yet, as far as its time goes, and
// says whether all is done. The state machine calls it until it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readgcp"
	"posture/internal/audit"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// event is what the state machine says.
type event struct {
	Slot   time.Time `json:"slot"`   // to open: when the run was due
	Opener string    `json:"opener"` // to open: the execution's name
	Run    string    `json:"run"`    // to scan
}

// answer is what the state machine goes by, and figures for the logs.
type answer struct {
	Run     string                 `json:"run"`
	Go      bool                   `json:"go"`   // false: another execution has this slot
	Done    bool                   `json:"done"` // there is nothing more to scan
	Targets int                    `json:"targets"`
	Left    int                    `json:"left"` // targets without a part
	Counts  map[posture.Status]int `json:"counts,omitempty"`
	Calls   int                    `json:"calls"`
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (answer, error) {
	if e.Run == "" && e.Slot.IsZero() {
		return answer{}, errors.New("the event has neither a run to scan nor a slot: expected the time at which the run was due")
	}
	var google readgcp.Google
	defer google.Close()
	auditor, err := onlambda.Auditor(ctx, google.Open)
	if err != nil {
		return answer{}, err
	}
	if e.Run == "" {
		run, won, err := auditor.Plan(ctx, e.Slot, readgcp.Scope, e.Opener)
		return answer{Run: run.ID, Go: won, Targets: len(run.Targets), Left: len(run.Targets)}, err
	}
	return scan(ctx, auditor, e.Run)
}

// scan scans what is left of a run. That time ran out is no error: whoever
// asked asks again.
func scan(ctx context.Context, auditor *audit.Auditor, id string) (answer, error) {
	run, err := snapshot.LoadRun(ctx, auditor.Store, id)
	if err != nil {
		return answer{}, fmt.Errorf("scan run %s: %w", id, err)
	}
	said := answer{Run: id, Go: true, Targets: len(run.Targets), Left: len(run.Targets), Counts: map[posture.Status]int{}}
	err = auditor.ScanAll(ctx, run, run.Targets, said.add)
	said.Done = err == nil
	if errors.Is(err, audit.ErrLeft) {
		err = nil
	}
	onlambda.Logger().Info("scanned", "run", id, "targets", said.Targets, "left", said.Left, "counts", said.Counts, "calls", said.Calls)
	return said, err
}

// add counts a part that is stored.
func (a *answer) add(part snapshot.Part) {
	a.Left--
	for status, n := range part.Counts {
		a.Counts[status] += n
	}
	for _, n := range part.Coverage.Calls {
		a.Calls += n
	}
}
