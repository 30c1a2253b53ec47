// Command watchdog is the Lambda function that speaks up when no run was
// completed for too long. It has a schedule of its own, delivers what Slack
// would not take before, and finishes what a publish that died left behind.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "watchdog", Step: steps.Watchdog(), Notifies: true})
}
