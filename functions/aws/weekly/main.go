// Command weekly is the Lambda function that keeps the page of the week that
// is over: once, as HTML, JSON and CSV, beside the runs that it was made of.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "weekly", Step: steps.Weekly()})
}
