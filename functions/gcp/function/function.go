// Package function registers the functions of Google Cloud with the Functions
// Framework when it is loaded, which is how a build from source finds them. It
// is at the root of the archive that is deployed.
package function

import (
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"posture/functions/gcp/oncloudrun"
	"posture/internal/steps"
)

// Over HTTP: plan, scan, publish, run, watchdog and weekly; for CloudEvents the same
// with Event after their names, as in runEvent.
func init() { //nolint:gochecknoinits // the framework knows only what a package registers when it is loaded
	for name, step := range steps.All() {
		functions.HTTP(name, oncloudrun.HTTP(name, step))
		functions.CloudEvent(name+"Event", oncloudrun.CloudEvent(name, step))
	}
}
