package services

import "posture/scanners/gcp/enginetest"

// bench is what all tests of the services read with.
var bench = enginetest.Bench{Registry: Registry(), Data: "../testdata"}
