// Command scan-azure is the Lambda function that reads Azure, with the AWS
// identity of its role and no stored key. Asked for a slot it opens the run;
// asked for a run it scans what has no part yet, as far as its time goes, and
// says whether all is done. The state machine calls it until it is.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readazure"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "scan-azure", Step: steps.PlanOrScan(), Scope: readazure.Scope, Clouds: readazure.Clouds})
}
