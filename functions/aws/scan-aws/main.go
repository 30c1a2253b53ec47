// Command scan-aws is the Lambda function that scans one AWS account each
// time it is invoked and stores its part of the run.
package main

import (
	"posture/functions/aws/onlambda"
	"posture/functions/aws/onlambda/readaws"
	"posture/internal/steps"
)

func main() {
	onlambda.Start(onlambda.Function{Name: "scan-aws", Step: steps.Scan(), Clouds: readaws.Clouds})
}
