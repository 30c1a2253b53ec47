package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"posture/internal/posture"
	"posture/scanners"
)

// Subscription is one subscription of a slice, or the tenant, ready to be
// scanned.
type Subscription struct {
	estate *Estate
	target posture.Target
	rows   *rows // nil: they are read with those of others, when it is scanned
	memo   scanners.Memo
	bare   atomic.Int32 // rows that were read again because they have no properties
	atHand scanners.AtHand[*Reading]
}

// Target returns the target as it was given.
func (s *Subscription) Target() posture.Target { return s.target }

// readsAtOnce is how many resources of a type are read at once where that
// takes calls: politeness to the quota of the subscription's own work.
const readsAtOnce = 8

// Scan reads all wanted resources and hands each to emit, one at a time. What
// could not be read is in the resources' Unread and in the report.
func (s *Subscription) Scan(ctx context.Context, want posture.Want, emit func(posture.Resource)) posture.ScanReport {
	p := &place{Subscription: s, ctx: ctx, want: want, said: &scanners.Said{}, emitter: scanners.Emitter{
		Provider: posture.Azure, Account: s.target.Account, Link: s.estate.link, Sink: emit,
	}}
	report := posture.ScanReport{Caller: s.estate.caller(ctx)}
	services := s.estate.selected(want, isTenant(s.target))
	if s.rows == nil {
		var err error
		if s.rows, err = s.estate.shared(ctx, want, s.target); err != nil {
			s.rows = &rows{broken: err}
		}
	}
	if len(services) > 0 && !isTenant(s.target) && s.estate.export == nil {
		p.grants, p.ungranted = s.estate.granted(ctx, s.target.Account)
	}
	for _, service := range services {
		report.Populations = append(report.Populations, p.scan(service))
	}
	for _, elsewhere := range s.estate.selected(want, !isTenant(s.target)) { // a subscription has no directory, and the directory nothing else
		report.Populations = append(report.Populations, posture.Population{Type: elsewhere.Name, Region: posture.Global, Complete: true})
	}
	report.Calls, report.Said = s.estate.record.Drain(), p.said.List()
	return report
}

// place is one subscription while it is scanned.
type place struct {
	*Subscription
	ctx       context.Context //nolint:containedctx // of one scan
	want      posture.Want
	emitter   scanners.Emitter
	said      *scanners.Said
	grants    grants
	ungranted error // why they are not known
}

// cause says why something was not read.
func (p *place) cause(err error) posture.Cause {
	why := p.estate.cause(err)
	p.said.Note(why, messageOf(err))
	return why
}

// scan reads the resources of one type.
func (p *place) scan(s *Service) posture.Population {
	found := posture.Population{Type: s.Name, Region: posture.Global}
	err := p.read(s, &found.Count)
	for _, l := range s.listings() {
		err = errors.Join(err, p.complete(l))
	}
	found.Complete = err == nil
	if err != nil {
		cause := p.cause(err)
		found.Cause = &cause
	}
	return found
}

// complete returns nil when all of a type is there. Resource Graph leaves out
// what the caller may not read.
func (p *place) complete(l listing) error {
	if err := p.rows.complete(l, p.target.Account); err != nil {
		return err
	}
	if p.estate.export != nil {
		return nil
	}
	if p.ungranted != nil {
		return p.ungranted
	}
	if !p.grants.allow(l.permission()) {
		return &posture.ReadError{
			Cause: posture.Cause{Reason: posture.Denied, Operation: queryOperation(l.table), Code: "not granted", Permission: l.permission()},
			Err:   errNotGranted,
		}
	}
	return nil
}

var errNotGranted = errors.New("the graph leaves out what may not be read")

// read reads every row of the type.
func (p *place) read(s *Service, count *int) error {
	var all []*Row
	var bad error
	if s.Tenant {
		all = append(all, p.tenant())
	}
	for _, l := range s.listings() {
		bad = errors.Join(bad, p.rows.each(l, p.target.Account, func(r *Row) bool {
			all = append(all, r.clone())
			return true
		}))
	}
	if p.estate.options.Sample && len(all) > 1 {
		all = all[:1]
	}
	all, unlisted := p.parts(s, all)
	failures, judged := make([]error, len(all)), make([]bool, len(all))
	late := scanners.Each(p.ctx, readsAtOnce, indexes(all), func(_ context.Context, i int) { judged[i], failures[i] = p.readOne(s, all[i]) })
	for i := range all {
		if judged[i] || failures[i] != nil {
			*count++
		}
	}
	return errors.Join(append(failures, bad, unlisted, late)...)
}

// tenant returns the row that stands for the tenant.
func (p *place) tenant() *Row {
	id := tenantOf(p.target)
	return &Row{ID: "/tenants/" + id, Name: cmp.Or(p.target.Name, id), Type: "tenant"}
}

func indexes(all []*Row) []int {
	places := make([]int, len(all))
	for i := range places {
		places[i] = i
	}
	return places
}

// parts returns the parts of the rows, where a service reads those.
func (p *place) parts(s *Service, of []*Row) ([]*Row, error) {
	if s.Parts == nil {
		return of, nil
	}
	found, failures := make([][]*Row, len(of)), make([]error, len(of))
	late := scanners.Each(p.ctx, readsAtOnce, indexes(of), func(_ context.Context, i int) {
		failures[i] = scanners.Guard(func() error {
			var err error
			r := p.newReading(s, of[i])
			found[i], err = s.Parts(r)
			return errors.Join(err, r.odd)
		})
	})
	return slices.Concat(found...), errors.Join(append(failures, late)...)
}

// readOne reads one row, hands it on and reports whether it is to be judged. A
// panic is a failure of that row only.
func (p *place) readOne(s *Service, row *Row) (judged bool, err error) {
	err = scanners.Guard(func() error {
		r := p.newReading(s, row)
		var resource posture.Resource
		if resource, judged = r.read(); judged {
			p.atHand.Emit(&p.emitter, resource, r)
			return nil
		}
		return r.odd // there may be something
	})
	return judged, err
}

func (p *place) newReading(s *Service, row *Row) *Reading {
	return &Reading{
		Reading: scanners.Reading{Type: s.Name, Want: p.want, Cause: p.cause},
		place:   p, service: s, Row: row, ID: row.ID, Name: row.Name,
	}
}
