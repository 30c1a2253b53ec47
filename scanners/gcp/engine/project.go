package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"posture/internal/posture"
	"posture/scanners"
)

// Project is one project of an inventory, or what belongs to a folder or an
// organization itself, ready to be scanned.
type Project struct {
	inventory *Inventory
	target    posture.Target
	atHand    scanners.AtHand[*Reading]
}

// Project returns what the inventory holds of a target. It makes no call.
func (i *Inventory) Project(target posture.Target) *Project {
	return &Project{inventory: i, target: target}
}

// Target returns the target as it was given.
func (p *Project) Target() posture.Target { return p.target }

var errNoProject error = &posture.ReasonError{Reason: posture.NotFound, Code: "the project", Text: "the inventory does not hold the project"}

// Scan reads all wanted resources and hands each to emit, one at a time. What
// could not be read is in the resources' Unread and in the report.
func (p *Project) Scan(ctx context.Context, want posture.Want, emit func(posture.Resource)) posture.ScanReport {
	e, err := p.inventory.collect(ctx, want)
	run := &place{Project: p, estate: e, want: want, emitter: scanners.Emitter{
		Provider: posture.GCP, Account: p.target.Account, Link: p.inventory.declared.Link, Sink: emit,
	}}
	if err == nil {
		err = run.locate()
	}
	report := posture.ScanReport{Caller: p.inventory.options.Caller}
	for _, s := range p.inventory.selected(want) {
		if run.lacks(s) {
			continue
		}
		report.Populations = append(report.Populations, run.scan(ctx, s, err))
	}
	report.Calls, report.Said = p.inventory.record.Drain(), run.said.List()
	return report
}

// lacks reports whether an export shows nothing of the type for the target, so
// that nothing can be said of it.
func (p *place) lacks(s *Service) bool {
	e := p.estate
	switch {
	case e == nil || e.exports == nil:
		return false
	case p.node == nil: // what no line describes
		return !e.exports.strays(s, p.target.Account)
	case s.Once:
		return false
	}
	var missing notListedError
	return errors.As(e.complete(resources, s.types()[0], p.node.Key), &missing)
}

// place is one project while it is scanned.
type place struct {
	*Project
	estate  *estate
	want    posture.Want
	emitter scanners.Emitter
	said    scanners.Said

	node     *Node
	self     *Asset // the node's own
	policies map[string]*Policy
	broken   error // why policies are not there
}

// locate finds the target in the estate.
func (p *place) locate() error {
	p.node = p.estate.accounts[p.target.Account]
	if p.node == nil {
		if x := p.estate.exports; x != nil {
			return x.refuse(p.target.Account)
		}
		if err := p.estate.complete(resources, TypeProject, ""); err != nil {
			return err
		}
		return errNoProject
	}
	p.policies, p.broken = p.estate.policiesOf(p.node.Key)
	for _, typ := range hierarchy {
		err := p.estate.each(typ, p.node.Key, func(a *Asset) bool {
			p.self = a.clone()
			return false
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cause says why something was not read.
func (p *place) cause(err error) posture.Cause {
	why := cause(err, p.inventory.permission)
	p.said.Note(why, messageOf(err))
	return why
}

// scan reads the resources of one type, unless the project could not be found.
func (p *place) scan(ctx context.Context, s *Service, err error) posture.Population {
	found := posture.Population{Type: s.Name, Region: posture.Global}
	if err == nil {
		err = p.read(ctx, s, &found.Count)
	}
	if err == nil && !s.Once {
		for _, typ := range s.types() {
			err = errors.Join(err, p.estate.complete(resources, typ, p.node.Key))
		}
	}
	found.Complete = err == nil
	if err != nil {
		cause := p.cause(err)
		found.Cause = &cause
	}
	return found
}

// directReads is how many assets of a project are read at once where that
// takes calls: politeness to the quotas of the project's own work.
const directReads = 8

// read reads every asset of the type, or the project itself.
func (p *place) read(ctx context.Context, s *Service, count *int) error {
	switch {
	case s.Once:
		*count++
		return p.readOne(ctx, s, p.self)
	case s.asks(p.want):
		return p.readDirectly(ctx, s, count)
	}
	return p.assets(ctx, s, func(a *Asset) error {
		*count++
		return p.readOne(ctx, s, a)
	})
}

// assets hands every asset that the service reads to do, until time runs out,
// and returns what went wrong.
func (p *place) assets(ctx context.Context, s *Service, do func(*Asset) error) error {
	var bad error
	seen := map[string]bool{} // by name, where one may be there several times: under several types, or in joined exports
	several := len(s.types()) > 1 || p.estate.exports != nil
	for _, typ := range s.types() {
		err := p.estate.each(typ, p.node.Key, func(a *Asset) bool {
			err := ctx.Err()
			if err == nil && !seen[a.Name] {
				err = do(a)
			}
			if several {
				seen[a.Name] = true
			}
			bad = errors.Join(bad, err)
			return ctx.Err() == nil
		})
		bad = errors.Join(bad, err)
	}
	return bad
}

// readDirectly is read for services that make calls: several assets at once.
func (p *place) readDirectly(ctx context.Context, s *Service, count *int) error {
	var assets []*Asset
	err := p.assets(ctx, s, func(a *Asset) error {
		assets = append(assets, a.clone())
		return nil
	})
	*count += len(assets)
	failures := make([]error, len(assets))
	indexes := make([]int, len(assets))
	for i := range indexes {
		indexes[i] = i
	}
	late := scanners.Each(ctx, directReads, indexes, func(ctx context.Context, i int) { failures[i] = p.readOne(ctx, s, assets[i]) })
	return errors.Join(append(failures, err, late)...)
}

// readOne reads one asset and hands it on. A panic is a failure of that asset
// only.
func (p *place) readOne(ctx context.Context, s *Service, a *Asset) error {
	return scanners.Guard(func() error {
		r := p.newReading(s, a)
		resource, err := r.read(ctx)
		if err == nil {
			p.atHand.Emit(&p.emitter, resource, r)
		}
		return err
	})
}

// newReading returns the reading of one asset, before it has begun.
func (p *place) newReading(s *Service, a *Asset) *Reading {
	return &Reading{
		Reading: scanners.Reading{Type: s.Name, Want: p.want, Cause: p.cause},
		place:   p, service: s, Asset: a, ID: a.Name, Name: LastOf(a.Name),
	}
}

// read returns what the asset is read as.
func (r *Reading) read(ctx context.Context) (posture.Resource, error) {
	doc := r.service.Read(ctx, r)
	if doc == nil {
		return posture.Resource{}, fmt.Errorf("read %s: no document", r.Type)
	}
	return posture.Resource{
		Region: cmp.Or(r.Asset.Location, posture.Global), Type: r.Type,
		ID: r.ID, Name: r.Name, Tags: r.tags, Doc: doc, Unread: r.Unread(), Updated: r.Asset.Updated,
	}, nil
}
