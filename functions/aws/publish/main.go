// Command publish is the Lambda function that closes a run: it compares it
// with what people were told, tells what changed, and reports how the scanner
// itself is doing.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "publish", Step: steps.Publish(), Notifies: true, Clouds: readaws.Clouds})
}
