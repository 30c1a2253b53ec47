// Command scan-gcp is the Lambda function that reads Google Cloud, with the AWS
// identity of its role and no stored key. Asked for a slot it opens the run;
// asked for a run it scans what has no part yet, as far as its time goes, and
// says whether all is done. The state machine calls it until it is.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readgcp"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "scan-gcp", Step: steps.PlanOrScan(), Scope: readgcp.Scope, Clouds: readgcp.Clouds})
}
