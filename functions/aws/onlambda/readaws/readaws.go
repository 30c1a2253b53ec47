// Package readaws gives AWS to the Lambda functions that read it. It is not in
// onlambda so that the others do not link what reads AWS.
package readaws

import (
	"context"
	"os"

	"posture/functions/aws/onlambda"
	"posture/internal/audit"
	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/posture"
)

// Where no configuration says which accounts to scan: the role of every
// account of the organization.
const (
	roleVariable     = "POSTURE_ORGANIZATION_ROLE"
	externalVariable = "POSTURE_EXTERNAL_ID"
)

// Cloud opens AWS for the accounts that the configuration or the environment
// puts in scope.
func Cloud(_ context.Context, s *onlambda.Site) (posture.Provider, audit.Cloud, error) {
	if role := os.Getenv(roleVariable); role != "" && len(s.Config.AWS.Accounts) == 0 && s.Config.AWS.Organization == nil {
		s.Config.AWS.Organization = &config.Organization{Role: role, ExternalID: os.Getenv(externalVariable)}
	}
	cloud, err := awscloud.New(awscloud.Options{Config: s.Config, AWS: s.AWS, Rules: s.Rules, Session: "posture"})
	return posture.AWS, cloud, err
}
