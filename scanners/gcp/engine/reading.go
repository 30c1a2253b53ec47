package engine

import (
	"errors"
	"maps"
	"slices"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/odd"
)

// Reading is one resource being read.
type Reading struct {
	scanners.Reading
	place   *place
	service *Service
	Asset   *Asset
	ID      string            // at first the asset's name
	Name    string            // what people call it; at first the last part of the asset's name
	tags    map[string]string // its labels
	direct  *direct           // of a second reading; nil: it is the first
}

// Decode reads the fields of the asset's data that into has. Where the data is
// missing, malformed or of another version of the API, every field of the
// document is marked as unread, and the tags are; what into holds then does not
// matter. Where members are of another JSON type than expected, only the fields
// are that are made of them: the tag gives:"one,other" of a member says which,
// also for all that is in it and has no such tag; one on an embedded struct is
// for all that is in it. Of a member without a tag all are, of gives:"-" none.
func (r *Reading) Decode(into any) {
	err := scanners.Failed("read "+r.Type, r.decode(into))
	r.Got(err, r.allFields()...)
	if with, ok := into.(interface{ Tags() map[string]string }); ok {
		r.tags = with.Tags()
	}
}

// allFields returns what Decode gives: the document's fields, and the tags.
func (r *Reading) allFields() []string {
	return append(scanners.FieldsOf(r.service.Doc), posture.FieldTags)
}

func (r *Reading) decode(into any) error {
	if x := r.place.estate.exports; x != nil && x.unread[r.Asset.Name+" "+r.Asset.Type] != nil {
		return x.unread[r.Asset.Name+" "+r.Asset.Type]
	}
	err := r.Asset.decode(into)
	switch {
	case len(r.Asset.Data) == 0:
		return err
	case !slices.Contains(r.service.Versions, r.Asset.Version):
		return otherVersion(r.Type, r.Asset.Version)
	case err != nil:
		parts, err := r.Asset.decodeOdd(into, "gives")
		for _, field := range append(r.allFields(), posture.FieldName) {
			if of := odd.Costs(parts, field); len(of) > 0 {
				r.Mark(oddCause(r.Type, of), field)
			}
		}
		return err
	}
	return nil
}

// otherVersion is the error for data in the form of another version of the API.
func otherVersion(typ, version string) error {
	code := "API version " + version
	if version == "" || len(version) > 20 {
		code = "no API version"
	}
	cause := posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typ, Code: code}
	return &posture.ReadError{Cause: cause, Err: errors.New("data of another version of the API")}
}

// Need returns what the value points to. Where the inventory left it out, and
// nothing is known of it then, it marks the fields as unread.
func Need[T any](r *Reading, value *T, fields ...string) T {
	if value != nil {
		return *value
	}
	r.Lacks(r.Type, fields...)
	var none T
	return none
}

// Lacks marks fields as unread because the inventory left out what they are
// read from, a resource of the type or a part of one.
func (r *Reading) Lacks(typ string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotAnswered, Operation: "read " + typ}, fields...)
}

// Owner returns the project, folder or organization that the resource belongs to.
func (r *Reading) Owner() *Node { return r.place.node }

// InScope reports whether a project, folder or organization, by its key, is
// among what is scanned.
func (r *Reading) InScope(key string) bool { return r.place.estate.nodes[key] != nil }

// Outside returns the keys of what lies above the resource and outside of the
// scope, the nearest first.
func (r *Reading) Outside() []string {
	return slices.DeleteFunc(slices.Clone(r.Owner().Ancestors), r.InScope)
}

// ReachesOut reports whether something above the resource lies outside of the
// scope, and can be asked about directly.
func (r *Reading) ReachesOut() bool { return r.place.inventory.client != nil && len(r.Outside()) > 0 }

// AboveBranch returns the keys of what lies above a folder or an organization of the
// scope or above the resource, the nearest first. Of others it is not known.
func (r *Reading) AboveBranch(key string) (above []string, known bool) {
	if n := r.place.estate.nodes[key]; n != nil {
		return n.Ancestors[min(1, len(n.Ancestors)):], true
	}
	at := slices.Index(r.Owner().Ancestors, key)
	return r.Owner().Ancestors[at+1:], at >= 0
}

// Branches returns the keys of the folders and organizations of the scope, sorted.
func (r *Reading) Branches() []string {
	keys := slices.Sorted(maps.Keys(r.place.estate.nodes))
	return slices.DeleteFunc(keys, func(key string) bool { return typeOf(key) == TypeProject })
}

// WithID returns a name that begins with a project with that project's id in it,
// where it may have its number: "projects/my-project/topics/my-topic".
func (r *Reading) WithID(name string) string { return r.place.estate.withID(name) }
