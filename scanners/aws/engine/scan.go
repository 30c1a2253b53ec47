package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/internal/posture"
	"posture/scanners"
)

// scan is what all places of one scan share.
type scan struct {
	cfg         aws.Config
	above       *scan // by which the organization is read; nil: it is not
	homeRegion  string
	regions     []string // that are scanned
	everyRegion bool     // those are all that the account has enabled
	unlisted    bool     // which regions it has enabled is not known
	want        posture.Want
	sample      bool
	newRetryer  func() aws.Retryer
	permissions map[string]string // by operation
	emitter     *scanners.Emitter
	record      *record
	memo        scanners.Memo
	said        scanners.Said
}

// Scan reads all wanted resources and hands each to emit, one at a time. What
// could not be read is in the resources' Unread and in the coverage, never an
// error: a scan that ran out of time or was refused everything returns a
// coverage that says so.
func (a *Account) Scan(ctx context.Context, want posture.Want, emit func(posture.Resource)) posture.ScanReport {
	s := a.begin(want, emit)
	places := a.places(s)
	populations := make([]posture.Population, len(places))
	indexes := make([]int, len(places))
	for i := range indexes {
		indexes[i] = i
		populations[i] = places[i].population(context.DeadlineExceeded)
		if slices.Contains(a.off, places[i].Region) {
			populations[i] = places[i].population(errRegionOff)
		}
	}
	indexes = slices.DeleteFunc(indexes, func(i int) bool { return slices.Contains(a.off, places[i].Region) })
	slices.SortStableFunc(indexes, func(a, b int) int { return places[b].service.AtOnce - places[a].service.AtOnce })
	_ = scanners.Each(ctx, accountGate, indexes, func(ctx context.Context, i int) {
		populations[i] = places[i].population(places[i].scanService(ctx))
	}) // what was not started keeps the population that says so
	return posture.ScanReport{
		Populations: populations, Calls: a.record.counts(), Caller: a.caller, Disagreed: a.record.disagreements(), Said: s.said.List(),
	}
}

// on returns the regions of the target but for those that are off.
func (a *Account) on() []string {
	return slices.DeleteFunc(slices.Clone(a.target.Regions), func(region string) bool { return slices.Contains(a.off, region) })
}

// errRegionOff says why nothing of a region is read.
var errRegionOff error = &posture.ReadError{
	Cause: posture.Cause{Reason: posture.RegionOff, Operation: "ec2:DescribeRegions"}, Err: errors.New("the region is not enabled in the account"),
}

// begin returns the state of a new scan.
func (a *Account) begin(want posture.Want, emit func(posture.Resource)) *scan {
	s := &scan{
		cfg: a.cfg, homeRegion: a.homeRegion, regions: a.on(), everyRegion: a.everyRegion, unlisted: a.unlisted, want: want, sample: a.options.Sample,
		newRetryer: a.newRetryer, record: a.record, permissions: permissions(a.options.Services),
		emitter: &scanners.Emitter{Provider: posture.AWS, Account: a.target.Account, Link: a.options.Link, Sink: emit},
	}
	if a.above != nil {
		s.above = &scan{cfg: *a.above, homeRegion: a.homeRegion, newRetryer: a.newRetryer, record: a.record, permissions: s.permissions}
	}
	return s
}

// places returns where which wanted service is to be read.
func (a *Account) places(s *scan) []*Place {
	var places []*Place
	for _, service := range a.options.Services {
		if _, wanted := s.want[service.Name]; !wanted {
			continue
		}
		regions := a.target.Regions
		if service.Global {
			regions = []string{a.homeRegion}
		}
		for _, region := range regions {
			places = append(places, &Place{
				Account: a.target.Account, Partition: a.partition, Region: region, scan: s, service: service, tally: new(tally),
			})
		}
	}
	return places
}

// permissions returns the permission of each operation of the services.
func permissions(services []Service) map[string]string {
	c := scanners.Catalogue{Opening: Opening()}
	for _, service := range services {
		c.Types = append(c.Types, service.Type)
	}
	return c.PermissionsByOp()
}
