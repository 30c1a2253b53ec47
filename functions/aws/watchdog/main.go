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

	"posture/functions/aws/onlambda"
	"posture/internal/outbox"
	"posture/internal/setup"
)

// answer says what was seen, for the logs.
type answer struct {
	Series []series      `json:"series"`
	Slack  outbox.Report `json:"slack"`
}

// series is what was seen of the runs of one scope.
type series struct {
	Scope  string  `json:"scope"`
	Last   string  `json:"last"`   // the newest run that completed
	Hours  float64 `json:"hours"`  // since its slot
	Missed bool    `json:"missed"` // too long
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
	if len(watch.Series) == 0 {
		return answer{}, err // it could not see
	}
	said := answer{Slack: watch.Delivery}
	for _, s := range watch.Series {
		said.Series = append(said.Series, series{Scope: s.Scope, Last: s.Last, Hours: s.Age.Hours(), Missed: s.Missed != nil})
	}
	onlambda.Logger().Info("watched", "series", said.Series, "slack", said.Slack)
	return said, errors.Join(err, onlambda.Metrics(os.Stdout, time.Now(), "", setup.OfWatch(watch)))
}
