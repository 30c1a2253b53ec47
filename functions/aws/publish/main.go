// Command publish is the Lambda function that closes a run: it compares it
// with what people were told, tells what changed, and reports how the scanner
// itself is doing.
package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
	"posture/internal/outbox"
	"posture/internal/setup"
	"posture/internal/snapshot"
)

type event struct {
	Run string `json:"run"`
}

// answer says what came of the run, for the logs.
type answer struct {
	Run     string           `json:"run"`
	Outcome snapshot.Outcome `json:"outcome"`
	Alerts  int              `json:"alerts"`
	Slack   outbox.Report    `json:"slack"`
	// Warnings say what of the configuration is without effect.
	Warnings []string `json:"warnings,omitempty"`
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (answer, error) {
	auditor, err := onlambda.Teller(ctx, readaws.Cloud)
	if err != nil {
		return answer{}, err
	}
	published, err := auditor.Publish(ctx, e.Run)
	if err != nil {
		return answer{}, err
	}
	said := answer{
		Run: e.Run, Outcome: published.Manifest.Outcome, Alerts: len(published.Alerts), Slack: published.Delivery,
		Warnings: auditor.Warnings,
	}
	logger := onlambda.Logger()
	for _, warning := range auditor.Warnings {
		logger.Warn("the configuration", "run", said.Run, "warning", warning)
	}
	logger.Info("published", "run", said.Run, "outcome", said.Outcome, "alerts", said.Alerts, "slack", said.Slack)
	_, scope, err := snapshot.ParseID(e.Run)
	return said, errors.Join(err,
		onlambda.Metrics(os.Stdout, time.Now(), scope, setup.OfRun(published)),
		onlambda.Metrics(os.Stdout, time.Now(), "", setup.OfQueue(published.Delivery)))
}
