package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/scanners"
)

// rereadTime bounds the second reading of one resource.
const rereadTime = 15 * time.Second

var errAnother error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is another resource"}

// Reread reads once more, by Azure Resource Manager, the resource that Scan is
// handing to emit: Resource Graph may be hours behind. What lies beside it stays
// as the graph has it. It may only be called from within emit, for the resource
// at hand. The error is posture.ErrNoReread where there is no such call, wraps
// posture.ErrGone where Azure does not know the resource, and is a
// posture.ReadError wherever a call was made.
func (s *Subscription) Reread(ctx context.Context, of posture.Resource, _ []string) (posture.Resource, error) {
	found, _ := s.atHand.Load(handed{of.Type, of.ID})
	r, isReading := found.(*Reading)
	if !isReading || !r.canReadAgain() || s.estate.options.NoReread || s.estate.export != nil {
		return posture.Resource{}, posture.ErrNoReread
	}
	ctx, cancel := context.WithTimeout(ctx, rereadTime)
	defer cancel()
	var again posture.Resource
	err := scanners.Guard(func() error {
		var err error
		again, err = r.again(ctx)
		return err
	})
	if err != nil {
		return posture.Resource{}, &posture.ReadError{Cause: r.place.cause(err), Err: err}
	}
	return again, nil
}

func (r *Reading) canReadAgain() bool {
	_, version := r.service.second(r.Row.Type)
	return version != ""
}

// again reads the resource a second time.
func (r *Reading) again(ctx context.Context) (posture.Resource, error) {
	operation, version := r.service.second(r.Row.Type)
	e := r.place.estate
	body, err := e.get(ctx, r.manager(), operation, withVersion(escapedPath(r.Row.ID), version))
	if err != nil {
		return posture.Resource{}, err
	}
	fresh, err := newRow(body)
	if err != nil || fresh.ID != r.Row.ID {
		return posture.Resource{}, scanners.Failed(operation, errors.Join(errAnother, err))
	}
	fresh.Location, fresh.kept = cmp.Or(fresh.Location, r.Row.Location), r.Row.kept // a part has those of its whole
	at := e.now().UTC()
	second := r.place.newReading(r.service, fresh)
	again, judged := second.read()
	if !judged {
		return posture.Resource{}, scanners.Failed(operation, errAnother)
	}
	again.Direct = r.service.direct(at)
	return r.place.emitter.Whole(again), nil
}

// direct says which fields a second reading gives, and which of them are also
// made of what the graph has.
func (s *Service) direct(at time.Time) *posture.Direct {
	d := &posture.Direct{At: at, Fields: append(scanners.FieldsOf(s.Doc), posture.FieldTags)}
	for _, join := range s.Joins {
		d.Mixed = append(d.Mixed, join.For...)
	}
	slices.Sort(d.Mixed)
	d.Mixed = slices.Compact(d.Mixed)
	return d
}

// Find looks for a resource by Azure Resource Manager: Resource Graph may leave
// out for hours what is there. For a part of a resource it looks for that one,
// whose parts are not in the graph. It returns nil where it is there. The error
// is posture.ErrNoReread where there is no such call, or the graph lists it and
// it is not judged any more; it wraps posture.ErrGone where Azure does not know
// the resource, and is a posture.ReadError otherwise.
func (s *Subscription) Find(ctx context.Context, typ, id string) error {
	service := s.estate.registry.service(typ)
	if service != nil && s.lists(service, id) {
		return posture.ErrNoReread
	}
	if service != nil && service.Get == "" && service.Of != "" {
		if whole := s.estate.registry.service(service.Of); whole != nil {
			service, id = whole, Parent(id)
		}
	}
	if service == nil || service.Get == "" || id == "" || s.estate.options.NoReread || s.estate.export != nil {
		return posture.ErrNoReread
	}
	ctx, cancel := context.WithTimeout(ctx, rereadTime)
	defer cancel()
	var found Row
	err := s.estate.getInto(ctx, s.estate.manager, service.Name+"/read", withVersion(escapedPath(id), service.Get), &found)
	if err == nil && !strings.EqualFold(found.ID, id) {
		err = scanners.Failed(service.Name+"/read", errAnother)
	}
	if err != nil {
		return &posture.ReadError{Cause: s.estate.cause(err), Err: err}
	}
	return nil
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
