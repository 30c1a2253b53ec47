package aws

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/internal/posture"
	"posture/scanners"
)

// place is one account and region, as one scanner sees it: where its clients
// come from and where its resources go.
type place struct {
	*account
	Region  string
	scanner *scanner
	tally   *tally
}

// tally counts what one scanner emitted in one place.
type tally struct {
	mu    sync.Mutex
	count int
}

// in returns the same place in another region.
func (p *place) in(region string) *place {
	other := *p
	other.Region = region
	return &other
}

// home returns the place in the region where global services are asked.
func (p *place) home() *place { return p.in(p.homeRegion) }

// arn returns the ARN of a thing of this account and region.
func (p *place) arn(service, rest string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.partition, service, p.Region, p.id, rest)
}

// wants reports whether an enabled rule reads the field of this scanner's type.
func (p *place) wants(field string) bool { return p.want.Field(p.scanner.Type, field) }

// read starts the reading of one resource.
func (p *place) read() *reading {
	return &reading{
		Reading: scanners.Reading{Type: p.scanner.Type, Want: p.want, Cause: p.cause},
		place:   p,
	}
}

// each reads many resources of one listing at once, at most as many as the
// service's gate lets through, and returns an error when time ran out.
func each[T any](ctx context.Context, p *place, items []T, do func(context.Context, T)) error {
	if p.sample && len(items) > 1 {
		items = items[:1]
	}
	return scanners.Each(ctx, fanOut, items, do)
}

// emit hands over one resource. Account, provider and, when it is empty,
// region are filled in.
func (p *place) emit(r posture.Resource) {
	r.Provider, r.Account, r.Type = posture.AWS, p.id, p.scanner.Type
	if r.Region == "" {
		r.Region = p.Region
	}
	if r.Name == "" {
		r.Name = r.ID
	}
	p.tally.mu.Lock()
	p.tally.count++
	p.tally.mu.Unlock()
	p.emitMu.Lock()
	defer p.emitMu.Unlock()
	p.sink(r)
}

// reading is one resource being read.
type reading struct {
	scanners.Reading
	place *place
}

// emit hands over the resource that was read. The document's tags, if it has
// any, belong in tags; tags that could not be read are marked as unread under
// the field "tags".
func (r *reading) emit(id, name string, tags map[string]string, doc any) {
	r.emitIn(r.place.Region, id, name, tags, doc)
}

// emitIn is emit for a resource of another region than the place's.
func (r *reading) emitIn(region, id, name string, tags map[string]string, doc any) {
	r.place.emit(posture.Resource{Region: region, ID: id, Name: name, Tags: tags, Doc: doc, Unread: r.Unread()})
}

// memo returns what fetch returns, an error included, and calls it once per
// account, region and key: for listings that several scanners need.
func memo[T any](p *place, key string, fetch func() (T, error)) (T, error) {
	entry := p.entry(memoKey{p.Region, key})
	entry.once.Do(func() {
		entry.err = scanners.Guard(func() error {
			value, err := fetch()
			entry.value = value
			return err
		})
	})
	value, _ := entry.value.(T)
	return value, entry.err
}

// client returns the service client of type T for the place's account and
// region, made by build on first use. All its users share its retry state and
// its gate.
func client[T any](p *place, build func(aws.Config) T) T {
	key := "client " + reflect.TypeFor[T]().String()
	made, _ := memo(p, key, func() (T, error) {
		cfg := p.cfg.Copy()
		cfg.Region = p.Region
		cfg.RetryMaxAttempts = 0 // from the environment; it would cap the retryer's own
		retryer := p.newRetryer()
		cfg.Retryer = func() aws.Retryer { return retryer }
		return build(cfg), nil
	})
	return made
}
