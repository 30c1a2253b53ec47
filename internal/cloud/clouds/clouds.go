// Package clouds is the list of clouds that the command line reads. It links
// the client libraries of all of them: a function takes the one that it needs. Begin with All.
package clouds

import (
	"posture/internal/cloud"
	"posture/internal/cloud/awscloud"
	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/gcpcloud"
)

// All returns the clouds, with the credentials of whoever runs the program, in
// the order of rules.Clouds.
func All() []cloud.Cloud {
	return []cloud.Cloud{awscloud.New(awscloud.Environment), gcpcloud.New(gcpcloud.Environment), azurecloud.New(azurecloud.Environment)}
}
