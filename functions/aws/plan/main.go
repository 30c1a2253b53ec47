// Command plan is the Lambda function that opens a run: it lists the targets
// and stores them for the state machine to hand out.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "plan", Step: steps.Plan(), HandsOut: true, Clouds: readaws.Clouds})
}
