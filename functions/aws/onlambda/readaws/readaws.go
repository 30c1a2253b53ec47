// Package readaws gives AWS to the Lambda functions that read it. It is not in
// onlambda so that the others do not link what reads AWS. Clouds is handed to
// onlambda.Start.
package readaws

import (
	"context"

	"posture/functions/aws/onlambda"
	"posture/internal/cloud"
	"posture/internal/cloud/awscloud"
)

// Clouds returns AWS, read with the role of the function.
func Clouds(_ context.Context, s onlambda.Site) ([]cloud.Cloud, error) {
	return []cloud.Cloud{awscloud.New(awscloud.Given(s.AWS))}, nil
}
