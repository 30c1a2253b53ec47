// Command plan is the Lambda function that opens a run: it lists the targets
// and stores them for the state machine to hand out.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
)

// event is what the schedule and the state machine say.
type event struct {
	Slot   time.Time `json:"slot"`   // when the run was due
	Opener string    `json:"opener"` // the execution's name
}

// answer is what the state machine goes by.
type answer struct {
	Run     string `json:"run"`
	Go      bool   `json:"go"` // false: another execution has this slot
	Bucket  string `json:"bucket"`
	Targets string `json:"targets"` // key of a JSON array of the targets
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (answer, error) {
	if e.Slot.IsZero() {
		return answer{}, fmt.Errorf("the event has no slot: expected the time at which the run was due")
	}
	auditor, err := onlambda.Auditor(ctx, readaws.Cloud)
	if err != nil {
		return answer{}, err
	}
	run, won, err := auditor.Plan(ctx, e.Slot, onlambda.Scope, e.Opener)
	if err != nil {
		return answer{}, err
	}
	key, err := auditor.ListTargets(ctx, run)
	if err != nil {
		return answer{}, err
	}
	bucket, object, err := onlambda.Object(key)
	return answer{Run: run.ID, Go: won, Bucket: bucket, Targets: object}, err
}
