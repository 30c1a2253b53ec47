package services

import (
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/network"
)

// openNetworks returns those of the address ranges that are the internet. Where
// one cannot be read it marks the field as unread.
func openNetworks(r *engine.Reading, ranges []string, field string) []string {
	open, err := network.Open(ranges)
	r.Got(scanners.Failed("read "+r.Type, err), field)
	return open
}
