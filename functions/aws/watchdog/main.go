// Command watchdog is the Lambda function that speaks up when no run was
// completed for too long. It has a schedule of its own, delivers what Slack
// would not take before, and finishes what a publish that died left behind.
package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/setup/onlambda"
	"posture/internal/outbox"
)

// answer says what was seen, for the logs.
type answer struct {
	Last   string        `json:"last"`   // the newest run that completed
	Hours  float64       `json:"hours"`  // since its slot
	Missed bool          `json:"missed"` // too long
	Slack  outbox.Report `json:"slack"`
}

func main() { lambda.Start(handle) }

// handle writes the metrics also when telling fails: the alarm on them is the
// way that does not go through Slack.
func handle(ctx context.Context) (answer, error) {
	auditor, err := onlambda.Teller(ctx)
	if err != nil {
		return answer{}, err
	}
	watch, err := auditor.Watchdog(ctx)
	if err != nil && watch.Last == "" && watch.Age == 0 {
		return answer{}, err // it could not see
	}
	said := answer{Last: watch.Last, Hours: watch.Age.Hours(), Missed: watch.Missed != nil, Slack: watch.Delivery}
	onlambda.Logger().Info("watched", "last", said.Last, "hours", said.Hours, "missed", said.Missed, "slack", said.Slack)
	return said, errors.Join(err, onlambda.Metrics(os.Stdout, time.Now(), map[string]float64{
		"RunsMissed":    missed(said.Missed),
		"HoursSinceRun": said.Hours,
		"AlertsWaiting": float64(said.Slack.Waiting),
		"AlertsParked":  float64(said.Slack.Parked + len(said.Slack.Alarms)),
	}))
}

// missed is 1 when a run was missed.
func missed(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
