package services

import (
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// readLocations is the permission and the name of the call that tells what
// regions have.
const readLocations = "Microsoft.Resources/subscriptions/locations/read"

// zonesCall declares what hasZones and regionOf read, once for each
// subscription.
func zonesCall(fields ...string) scanners.Call { return scanners.Call{Op: readLocations, For: fields} }

// region is what a subscription has in a region
// (learn.microsoft.com/rest/api/resources/subscriptions/list-locations).
type region struct {
	Name                     string
	AvailabilityZoneMappings []struct{ LogicalZone string }
	Metadata                 struct {
		PairedRegion []struct{ Name string }
	}
}

func (l region) zones() bool { return len(l.AvailabilityZoneMappings) > 0 }
func (l region) pair() bool  { return len(l.Metadata.PairedRegion) > 0 }

// hasZones reports whether the resource's region has availability zones. Where
// that cannot be told it marks the fields.
func hasZones(r *engine.Reading, fields ...string) bool {
	return regionOf(r, r.Row.Location, fields...).zones()
}

// regionOf returns the region of a name, in either of the forms "West Europe"
// and "westeurope". Where that cannot be told it marks the fields.
func regionOf(r *engine.Reading, name string, fields ...string) region {
	if !r.Wants(fields...) {
		return region{}
	}
	regions, err := engine.Once(r, "regions", func() (map[string]region, error) {
		all, err := engine.FetchAllOf[region](r, readLocations, "/subscriptions/"+r.Row.Subscription, "/locations", "2022-12-01")
		byName := map[string]region{}
		for _, l := range all {
			byName[engine.RegionName(l.Name)] = l
		}
		return byName, err
	})
	if !r.Got(err, fields...) {
		return region{}
	}
	found, known := regions[engine.RegionName(name)]
	if !known {
		r.Strange("region", fields...)
	}
	return found
}
