// Package engine opens AWS accounts and reads them by what services declare:
// it bounds, counts and retries their calls, refuses those that are no read,
// sorts every failure into its cause, and hands the resources over. It knows
// no resource type and links no service's SDK but that of STS. Whoever writes a
// service begins with Service, Place and Reading; see docs/adding-a-service.md.
package engine

import (
	"context"

	"posture/scanners"
)

// Service is one resource type: what it declares, and how it is read.
type Service struct {
	scanners.Type
	// AtOnce is how many resources of a listing are read at once; 0: as many
	// as keep a service's gate busy by a call each. A service that says
	// more takes longest, and is begun first.
	AtOnce int
	// Scan reads the type in one place and emits what it finds there. An
	// error means that not all of it was listed.
	Scan func(context.Context, *Place) error
}

// Opening returns the calls that opening an account takes.
func Opening() []scanners.Call {
	return []scanners.Call{{Op: "sts:GetCallerIdentity"}, {Op: "ec2:DescribeRegions"}}
}
