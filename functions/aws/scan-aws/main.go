// Command scan-aws is the Lambda function that scans one AWS account each
// time it is invoked and stores its part of the run.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
	"posture/internal/posture"
)

// event is one item of the state machine's map.
type event struct {
	Run    string         `json:"run"`
	Target posture.Target `json:"target"`
}

// answer says what was stored, for the logs.
type answer struct {
	Target string                 `json:"target"`
	Counts map[posture.Status]int `json:"counts"`
	Calls  int                    `json:"calls"`
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (answer, error) {
	auditor, err := onlambda.Auditor(ctx, readaws.Cloud)
	if err != nil {
		return answer{}, err
	}
	part, err := auditor.Scan(ctx, e.Run, e.Target)
	if err != nil {
		return answer{}, err
	}
	said := answer{Target: part.Target.String(), Counts: part.Counts}
	for _, n := range part.Coverage.Calls {
		said.Calls += n
	}
	onlambda.Logger().Info("scanned", "run", e.Run, "target", said.Target, "counts", said.Counts, "calls", said.Calls, "failure", part.Failure)
	return said, nil
}
