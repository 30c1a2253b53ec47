package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/odd"
)

// Reading is one resource being read.
type Reading struct {
	scanners.Reading
	place   *place
	service *Service
	Row     *Row
	ID      string // at first the row's
	Name    string // what people call it; at first the row's
	odd     error  // members that could not be read; whether there is anything to judge may hang on them
}

// Context returns the context of the scan.
func (r *Reading) Context() context.Context { return r.place.ctx }

// read returns what the row is read as, and whether it is to be judged.
func (r *Reading) read() (posture.Resource, bool) {
	doc := r.service.Read(r)
	if doc == nil || reflect.ValueOf(doc).IsNil() {
		return posture.Resource{}, false
	}
	if r.Row.oddTags {
		r.Mark(posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + r.Type, Code: "tags"}, posture.FieldTags)
	}
	return posture.Resource{
		Region: cmp.Or(r.Row.Location, posture.Global), Type: r.Type,
		ID: r.ID, Name: r.Name, Tags: r.Row.Tags, Doc: doc, Unread: r.Unread(),
	}, true
}

// Decode reads the members of the row that into has. Where Resource Graph left
// out its properties, the row is read from Azure Resource Manager first. A member
// of another JSON type than expected costs the fields that are made of it, as
// odd's tags have them. Where the row cannot be understood, every field of the
// document is marked as unread; what into holds then does not matter.
func (r *Reading) Decode(into any) {
	row, refused := r.place.whole(r.Context(), r.Row, into)
	r.Row = row
	parts, err := r.Row.decodeParts(into)
	fields := scanners.FieldsOf(r.service.Doc)
	r.odd = errors.Join(r.odd, refused, scanners.Failed("read "+r.Type, errors.Join(err, oddError(parts))))
	if err = scanners.Failed("read "+r.Type, err); refused != nil {
		err = refused
	}
	r.Got(err, fields...)
	for _, field := range fields {
		if of := odd.Costs(parts, field); len(of) > 0 {
			r.Mark(posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + r.Type, Code: odd.Names(of)}, field)
		}
	}
}

// Need returns what the value points to. Where Azure left it out, and nothing
// is known of it then, it marks the fields as unread.
func Need[T any](r *Reading, value *T, fields ...string) T {
	if value != nil {
		return *value
	}
	r.Absent("read "+r.Type, fields...)
	var none T
	return none
}

// Days returns how many whole days ago a time was, 0 for one to come.
func (r *Reading) Days(since time.Time) int64 {
	return max(0, int64(r.place.estate.now().Sub(since)/(24*time.Hour)))
}

// Past reports whether a time is over.
func (r *Reading) Past(at time.Time) bool { return at.Before(r.place.estate.now()) }

// Managed reports whether another resource made this one and keeps it, as
// Row.Managed does. Where its resource group could not be listed, it marks the
// field managed.
func (r *Reading) Managed() bool {
	managed := r.Row.Managed()
	if !managed && slices.Contains(scanners.FieldsOf(r.service.Doc), "managed") {
		r.Got(r.place.rows.known, "managed")
	}
	return managed
}

// Fetch reads an object of Azure Resource Manager into a value. The path
// follows the resource's own id, "/blobServices/default". The error wraps
// posture.ErrGone where Azure says that there is no such thing.
func (r *Reading) Fetch(operation, path, version string, into any) error {
	return r.FetchOf(operation, r.Row.ID, path, version, into)
}

// FetchOf is Fetch for a path that follows another resource's id.
func (r *Reading) FetchOf(operation, id, path, version string, into any) error {
	return r.place.estate.getInto(r.Context(), r.manager(), operation, withVersion(escapedPath(id)+path, version), into)
}

// manager is how to read of Azure Resource Manager what is where the row is.
func (r *Reading) manager() api { return r.place.estate.manager.in(r.Row.Location) }

// FetchAll reads a listing of Azure Resource Manager to its end. The path
// follows the resource's own id, "/firewallRules".
func FetchAll[T any](r *Reading, operation, path, version string) ([]T, error) {
	return FetchAllOf[T](r, operation, r.Row.ID, path, version)
}

// FetchAllOf is FetchAll for a path that follows another resource's id.
func FetchAllOf[T any](r *Reading, operation, id, path, version string) ([]T, error) {
	return pagesOf[T](r.Context(), r.place.estate, r.manager(), operation, withVersion(escapedPath(id)+path, version))
}

// FetchRows is FetchAll for the parts of a resource that are read as rows.
func FetchRows(r *Reading, operation, path, version string) ([]*Row, error) {
	all, err := FetchAll[json.RawMessage](r, operation, path, version)
	found, bad := Rows(r, operation, all)
	return found, errors.Join(err, bad)
}

// Rows returns parts of a resource as rows, in its own place where they name
// none.
func Rows(r *Reading, operation string, all []json.RawMessage) ([]*Row, error) {
	var found []*Row
	var err error
	for _, data := range all {
		row, bad := newRow(data)
		if bad != nil {
			err = errors.Join(err, scanners.Failed(operation, bad))
			continue
		}
		row.Location, row.kept = cmp.Or(row.Location, r.Row.Location), r.Row.kept
		found = append(found, row)
	}
	return found, err
}

// Once returns what fetch returns, an error included, and calls it once per key
// for all that is read of the subscription.
func Once[T any](r *Reading, key string, fetch func() (T, error)) (T, error) {
	return scanners.Once(&r.place.memo, key, fetch)
}

// escapedPath returns an id as a path: strangers name resources, and a name
// never leaves the path.
func escapedPath(id string) string { return (&url.URL{Path: id}).EscapedPath() }
