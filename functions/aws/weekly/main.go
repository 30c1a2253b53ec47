// Command weekly is the Lambda function that keeps the page of the week that
// is over: once, as HTML, JSON and CSV, beside the runs that it was made of.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/aws/onlambda"
	"posture/internal/setup"
)

// event is what the schedule says, or a person who wants another week.
type event struct {
	Slot time.Time `json:"slot"` // when the page was due
	Week string    `json:"week"` // 2026-W47; empty: the week before the slot
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (setup.KeptWeek, error) {
	if e.Slot.IsZero() && e.Week == "" {
		return setup.KeptWeek{}, fmt.Errorf("the event has no slot: expected the time at which the page was due, or a week")
	}
	kept, settings, err := onlambda.Kept(ctx)
	if err != nil {
		return setup.KeptWeek{}, err
	}
	said, err := setup.Weekly{Store: kept, Config: settings, Slot: e.Slot, Week: e.Week, Now: time.Now()}.Keep(ctx)
	if err != nil {
		return setup.KeptWeek{}, err
	}
	onlambda.Logger().Info("kept", "week", said.Week, "report", said.Report, "headline", said.Headline, "new", said.New)
	return said, nil
}
