package engine

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/internal/posture"
	"posture/scanners"
)

// fanOut is how many resources of one listing are read at once, where the
// service says nothing else.
const fanOut = 16

// Place is one account and region, as one service sees it: where its clients
// come from and where its resources go.
type Place struct {
	Account   string // id of the account
	Partition string // aws, aws-cn or aws-us-gov
	Region    string

	scan    *scan
	service Service
	tally   *tally
}

// tally counts what one service emitted in one place.
type tally struct {
	mu    sync.Mutex
	count int
}

func (t *tally) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
}

// In returns the same place in another region.
func (p *Place) In(region string) *Place {
	other := *p
	other.Region = region
	return &other
}

// Home returns the place in the region where global services are asked.
func (p *Place) Home() *Place { return p.In(p.scan.homeRegion) }

// Above returns the place from which the account's organization is read, with
// other credentials, false where there is none. Only clients are made there.
func (p *Place) Above() (*Place, bool) {
	if p.scan.above == nil {
		return nil, false
	}
	other := *p.Home()
	other.scan = p.scan.above
	return &other, true
}

// Regions returns the regions that are scanned, and whether those are all that
// the account has enabled.
func (p *Place) Regions() (regions []string, every bool) { return p.scan.regions, p.scan.everyRegion }

// ARN returns the ARN of a thing of this account and region.
func (p *Place) ARN(service, rest string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.Partition, service, p.Region, p.Account, rest)
}

// Disagree counts, for the report of the scan, that AWS's own verdict, which
// the operation returned, differs from ours.
func (p *Place) Disagree(operation string) { p.scan.record.disagree(operation) }

// Wants reports whether an enabled rule reads the field of the service's type.
func (p *Place) Wants(field string) bool { return p.scan.want.Field(p.service.Name, field) }

// Read starts the reading of one resource.
func (p *Place) Read() *Reading {
	return &Reading{
		Reading: scanners.Reading{Type: p.service.Name, Want: p.scan.want, Cause: p.cause},
		Place:   p,
	}
}

// Each reads many resources of one listing at once, a bounded number of them,
// and returns an error when time ran out.
func Each[T any](ctx context.Context, p *Place, items []T, do func(context.Context, *Place, T)) error {
	if p.scan.sample && len(items) > 1 {
		items = items[:1]
	}
	return scanners.Each(ctx, cmp.Or(p.service.AtOnce, fanOut), items, func(ctx context.Context, item T) { do(ctx, p, item) })
}

// EachListed reads the resources of a listing, page by page; items takes them
// from a page.
func EachListed[P, O, T any](ctx context.Context, p *Place, pages Pager[P, O], items func(P) []T, do func(context.Context, *Place, T)) error {
	return EachPage(ctx, pages, func(page P) error { return Each(ctx, p, items(page), do) })
}

// memoKey is what Once keeps an answer under.
type memoKey struct{ region, key string }

// Once returns what fetch returns, an error included, and calls it once per
// account, region and key: for listings that several services need.
func Once[T any](p *Place, key string, fetch func() (T, error)) (T, error) {
	return scanners.Once(&p.scan.memo, memoKey{p.Region, key}, fetch)
}

// Client returns the client that build, an SDK's NewFromConfig, makes for the
// place's account and region on first use. All its users share its retry state
// and its gate.
func Client[T, O any](p *Place, build func(aws.Config, ...func(O)) T) T {
	key := "client " + reflect.TypeFor[T]().String()
	made, _ := Once(p, key, func() (T, error) { // it never fails: making a client makes no call
		cfg := p.scan.cfg.Copy()
		cfg.Region = p.Region
		cfg.RetryMaxAttempts = 0 // from the environment; it would cap the retryer's own
		retryer := p.scan.newRetryer()
		cfg.Retryer = func() aws.Retryer { return retryer }
		return build(cfg), nil
	})
	return made
}

// emit hands over one resource of the service's type.
func (p *Place) emit(r posture.Resource) {
	r.Type = p.service.Name
	p.tally.add()
	p.scan.emitter.Emit(r)
}

// cause says why a call failed. Credentials that work at home and are none in
// a region are the sign of one that is off, where that could not be asked.
func (p *Place) cause(err error) posture.Cause {
	c := cause(err, p.scan.permissions)
	if p.scan.unlisted && p.Region != p.scan.homeRegion && strangeThere[c.Code] {
		c.Reason = posture.RegionOff
	}
	p.scan.said.Note(c, messageOf(err))
	return c
}

// strangeThere holds the codes by which services of a region that is off
// refuse the credentials of an account.
var strangeThere = map[string]bool{
	"AuthFailure": true, "InvalidClientTokenId": true, "InvalidAccessKeyId": true, "OptInRequired": true, "UnrecognizedClientException": true,
}

// scanService runs the service. A panic in it is a failure of its listing only.
func (p *Place) scanService(ctx context.Context) error {
	return scanners.Guard(func() error { return p.service.Scan(ctx, p) })
}

// population says what the service found, given how it ended.
func (p *Place) population(err error) posture.Population {
	found := posture.Population{Type: p.service.Name, Region: p.Region, Count: p.tally.count, Complete: err == nil}
	if p.service.Global {
		found.Region = posture.Global
	}
	if err != nil {
		cause := p.cause(err)
		found.Cause = &cause
	}
	return found
}
