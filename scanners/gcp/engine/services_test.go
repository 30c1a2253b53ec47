package engine_test

import (
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/services"
)

// bench is what the machinery is tested with.
var bench = enginetest.Bench{Registry: services.Registry(), Data: "../testdata"}
