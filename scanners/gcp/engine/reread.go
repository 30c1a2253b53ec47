package engine

import (
	"context"
	"net/http"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// direct is what a second reading of a resource brought in, and what it made
// of it.
type direct struct {
	policy *Policy         // the resource's own IAM policy; nil: that was not read again
	given  map[string]bool // fields that the policy gave
	kept   map[string]bool // fields that something else of the inventory gave, too
}

// Reread reads once more, directly, the resource that Scan is handing to emit:
// its settings, and its own IAM policy when that gives one of the fields. What
// lies above it and beside it stays as the inventory has it. It may only be
// called from within emit, for the resource at hand. The error is
// posture.ErrNoReread where there is no such call, wraps posture.ErrGone where
// the API does not know the resource, and is a posture.ReadError wherever a
// call was made.
func (p *Project) Reread(ctx context.Context, of posture.Resource, fields []string) (posture.Resource, error) {
	r, atHand := p.atHand.Reading(of)
	if !atHand || p.inventory.client == nil || p.inventory.options.NoReread {
		return posture.Resource{}, posture.ErrNoReread
	}
	g := r.service.Direct(r.Asset.Name)
	if g == nil || !g.renews(r.service, fields) {
		return posture.Resource{}, posture.ErrNoReread
	}
	return scanners.Reread(ctx, r.place.cause, func(ctx context.Context) (posture.Resource, error) { return r.again(ctx, g, fields) })
}

// renews reports whether the call can change any of the fields.
func (g *Get) renews(s *Service, fields []string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { return g.Policy.Op != "" || !slices.Contains(s.Policies, field) })
}

// again reads the resource a second time.
func (r *Reading) again(ctx context.Context, g *Get, fields []string) (posture.Resource, error) {
	fresh, err := r.get(ctx, g)
	if err != nil {
		return posture.Resource{}, err
	}
	at := r.place.inventory.now().UTC()
	second := r.place.newReading(r.service, fresh)
	second.direct = &direct{given: map[string]bool{}, kept: map[string]bool{}}
	if g.Policy.Op != "" && slices.ContainsFunc(fields, func(field string) bool { return slices.Contains(r.service.Policies, field) }) {
		if second.direct.policy, err = r.getPolicy(ctx, g); err != nil {
			return posture.Resource{}, err
		}
	}
	again, err := second.read(ctx)
	if err != nil {
		return posture.Resource{}, err
	}
	if again.ID != r.ID {
		return posture.Resource{}, scanners.Failed(g.Op, answer.ErrAnother)
	}
	again.Direct = second.renewed(at)
	return r.place.emitter.Whole(again), nil
}

// renewed says which fields the second reading gave, and which of them are
// also made of what the inventory has.
func (r *Reading) renewed(at time.Time) *posture.Direct {
	d := &posture.Direct{At: at}
	for _, field := range append(scanners.FieldsOf(r.service.Doc), "tags") {
		if slices.Contains(r.service.Policies, field) && !r.direct.given[field] {
			continue
		}
		d.Fields = append(d.Fields, field)
		joined := slices.ContainsFunc(r.service.Joins, func(j Join) bool { return slices.Contains(j.For, field) })
		if joined || r.direct.kept[field] || slices.Contains(r.service.OrgRules, field) {
			d.Mixed = append(d.Mixed, field)
		}
	}
	return d
}

// keeps notes that the fields are also made of what the inventory has.
func (r *Reading) keeps(fields []string) {
	for _, field := range fields {
		if r.direct != nil {
			r.direct.kept[field] = true
		}
	}
}

// get returns the asset as the API itself has it.
func (r *Reading) get(ctx context.Context, g *Get) (*Asset, error) {
	at, err := g.URL(r.Asset.Name)
	if err != nil {
		return nil, scanners.Failed(g.Op, err)
	}
	body, err := r.place.inventory.fetchAgain(ctx, g.Op, http.MethodGet, at)
	if err != nil {
		return nil, gone(err)
	}
	fresh := r.Asset.clone()
	fresh.Version, fresh.Data = g.Version, body
	if !fresh.sameAs(r.Asset) {
		return nil, scanners.Failed(g.Op, answer.ErrAnother)
	}
	return fresh, nil
}

// identity is by which names the APIs call a resource. None has all of them.
type identity struct {
	Name      Text
	ID        Text
	ProjectID Text `json:"projectId"`
}

func (i identity) names() []string {
	return []string{string(i.Name), string(i.ID), string(i.ProjectID)}
}

// sameAs reports whether data that was read directly is of the resource of the
// inventory: an answer without any name proves nothing.
func (a *Asset) sameAs(known *Asset) bool {
	var here, there identity
	if a.decode(&here) != nil || known.decode(&there) != nil {
		return false
	}
	before := there.names()
	for i, name := range here.names() {
		if name != "" && (name == before[i] || LastOf(name) == LastOf(a.Name)) {
			return true
		}
	}
	return false
}
