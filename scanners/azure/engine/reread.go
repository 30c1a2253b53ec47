package engine

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// Reread reads once more, by Azure Resource Manager, the resource that Scan is
// handing to emit: Resource Graph may be hours behind. What lies beside it stays
// as the graph has it. It may only be called from within emit, for the resource
// at hand. The error is posture.ErrNoReread where there is no such call, wraps
// posture.ErrGone where Azure does not know the resource, and is a
// posture.ReadError wherever a call was made.
func (s *Subscription) Reread(ctx context.Context, of posture.Resource, _ []string) (posture.Resource, error) {
	r, atHand := s.atHand.Reading(of)
	if !atHand || !r.canReadAgain() || s.estate.options.NoReread || s.estate.export != nil {
		return posture.Resource{}, posture.ErrNoReread
	}
	return scanners.Reread(ctx, r.place.cause, r.again)
}

func (r *Reading) canReadAgain() bool {
	_, version := r.service.second(r.Row.Type)
	return version != "" || slices.ContainsFunc(r.service.Joins, func(j Join) bool { return j.List != "" })
}

// again reads the resource a second time, with what it is made of.
func (r *Reading) again(ctx context.Context) (posture.Resource, error) {
	row, err := r.fresh(ctx)
	if err != nil {
		return posture.Resource{}, err
	}
	at := r.place.estate.now().UTC()
	p, err := r.place.afresh(ctx, r.service)
	if err != nil {
		return posture.Resource{}, err
	}
	again, judged := p.newReading(r.service, row).read()
	if !judged {
		return posture.Resource{}, scanners.Failed("read "+r.Type, answer.ErrAnother)
	}
	again.Direct = r.service.direct(at)
	return r.place.emitter.Whole(again), nil
}

// fresh reads the row by Azure Resource Manager, where there is such a read.
func (r *Reading) fresh(ctx context.Context) (*Row, error) {
	operation, version := r.service.second(r.Row.Type)
	if version == "" {
		return r.Row, nil
	}
	return r.place.readRow(ctx, r.Row, operation, version)
}

// afresh returns the place for a second reading of a service's resource: with
// the rows beside it as Azure Resource Manager lists them now, where the service
// declares that. What was read once for all resources is read once more then.
func (p *place) afresh(ctx context.Context, s *Service) (*place, error) {
	direct := map[listing][]*Row{}
	for _, join := range s.Joins {
		wanted := slices.ContainsFunc(join.For, func(field string) bool { return p.want.Field(s.Name, field) })
		if join.List == "" || !wanted {
			continue
		}
		all, err := p.listNow(ctx, join.Type, join.List)
		if err != nil {
			return nil, err
		}
		direct[join.listing().lower()] = all
	}
	if len(direct) == 0 {
		return p, nil
	}
	again := &Subscription{estate: p.estate, target: p.target, rows: p.rows.with(direct)}
	return &place{Subscription: again, ctx: ctx, want: p.want, said: p.said, grants: p.grants, ungranted: p.ungranted}, nil
}

// listNow lists all rows of a type in the subscription by Azure Resource Manager.
func (s *Subscription) listNow(ctx context.Context, typ, version string) ([]*Row, error) {
	path := escapedPath("/subscriptions/"+s.target.Account) + "/providers/" + typ
	all, err := pagesOf[json.RawMessage](ctx, s.estate, s.estate.manager, typ+"/read", withVersion(path, version))
	if err != nil {
		return nil, err
	}
	var found []*Row
	for _, data := range all {
		row, err := newRow(data)
		if err != nil {
			return nil, scanners.Failed(typ+"/read", err)
		}
		row.kept = s.rows.kept[row.group()]
		found = append(found, row)
	}
	slices.SortFunc(found, func(a, b *Row) int { return strings.Compare(a.ID, b.ID) }) // as the graph does
	return found, nil
}

// direct says which fields a second reading gives, and which of them are also
// made of what the graph has.
func (s *Service) direct(at time.Time) *posture.Direct {
	d := &posture.Direct{At: at, Fields: append(scanners.FieldsOf(s.Doc), posture.FieldTags)}
	for _, join := range s.Joins {
		if join.List == "" {
			d.Mixed = append(d.Mixed, join.For...)
		}
	}
	slices.Sort(d.Mixed)
	d.Mixed = slices.Compact(d.Mixed)
	return d
}

// Find looks for a resource by Azure Resource Manager: Resource Graph may leave
// out for hours what is there. For a part of a resource it looks for that one,
// whose parts are not in the graph. It returns nil where it is there. The error
// is posture.ErrNoReread where the graph has no part in it, or lists it and it is
// not judged any more; it wraps posture.ErrGone where Azure does not know the
// resource, and is a posture.ReadError otherwise.
func (s *Subscription) Find(ctx context.Context, typ, id string) error {
	service := s.estate.registry.service(typ)
	if service == nil || service.Tenant || s.estate.options.NoReread || s.estate.export != nil || s.lists(service, id) {
		return posture.ErrNoReread
	}
	ctx, cancel := context.WithTimeout(ctx, scanners.RereadTime)
	defer cancel()
	if err := s.find(ctx, service, id); err != nil {
		return &posture.ReadError{Cause: s.estate.cause(err), Err: err}
	}
	return nil
}

// errNoFind says that nobody can tell whether a resource is there.
var errNoFind error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "no such read", Text: "Azure Resource Manager cannot be asked for it"}

// find asks for the row that a resource is read from.
func (s *Subscription) find(ctx context.Context, service *Service, id string) error {
	whole, typ := service.rowOf(id)
	operation, version := service.second(typ)
	if service.Parts != nil || version == "" {
		operation, version = s.estate.registry.second(typ)
	}
	if region, found := strings.CutPrefix(id, "/subscriptions/"+s.target.Account+"/providers/"); found && strings.HasSuffix(path.Dir(region), "/locations") {
		return s.findIn(ctx, service, path.Base(region))
	}
	if version == "" {
		return scanners.Failed("read "+service.Name, errNoFind)
	}
	var found Row
	err := s.estate.getInto(ctx, s.estate.manager, operation, withVersion(escapedPath(whole), version), &found)
	if err == nil && !strings.EqualFold(found.ID, whole) {
		err = scanners.Failed(operation, answer.ErrAnother)
	}
	return goneByAnyWord(err)
}

var errNoneThere error = &posture.ReasonError{Reason: posture.NotFound, Code: "region", Text: "nothing of the type is in the region"}

// findIn looks for what stands for a region: it is there while the region has a
// row that it is read from.
func (s *Subscription) findIn(ctx context.Context, service *Service, region string) error {
	for _, l := range service.listings() {
		_, version := s.estate.registry.second(l.typ)
		all, err := s.listNow(ctx, l.typ, version)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(row *Row) bool { return row.Location == region }) {
			return nil
		}
	}
	return errors.Join(errNoneThere, posture.ErrGone)
}

// rowOf returns the row that a resource is read from, by its id and type: the
// resource itself, or one that its id begins with; "" for none.
func (s *Service) rowOf(id string) (row, typ string) {
	for _, l := range s.listings() {
		if found := idOf(id, l.typ); len(found) > len(row) {
			row, typ = found, l.typ
		}
	}
	return row, typ
}

// idOf returns the id of a resource of the type that an id begins with, "" for
// none. The id is in lower case.
func idOf(id, typ string) string {
	provider, kinds, _ := strings.Cut(strings.ToLower(typ), "/")
	begin := "/providers/" + provider + "/"
	if provider == "microsoft.resources" { // subscriptions and groups
		begin = "/"
	}
	before, rest, found := strings.Cut(id, begin)
	parts, names := strings.Split(rest, "/"), 0
	for kind := range strings.SplitSeq(kinds, "/") {
		if !found || len(parts) < names+2 || parts[names] != kind {
			return ""
		}
		names += 2
	}
	return before + begin + strings.Join(parts[:names], "/")
}

// lists reports whether the graph lists a resource, or the one that it is a part
// of.
func (s *Subscription) lists(service *Service, id string) bool {
	found := false
	for _, l := range service.listings() {
		err := s.rows.each(l, s.target.Account, func(row *Row) bool {
			found = found || strings.HasPrefix(id+"/", row.ID+"/")
			return !found
		})
		found = found || err != nil // then the listing is not complete anyway
	}
	return found
}

// service returns a type's, nil for none.
func (r *Registry) service(typ string) *Service {
	for i := range r.Services {
		if r.Services[i].Name == typ {
			return &r.Services[i]
		}
	}
	return nil
}
