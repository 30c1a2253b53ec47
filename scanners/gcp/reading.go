package gcp

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// reading is one resource being read.
type reading struct {
	scanners.Reading
	place   *place
	service *service
	asset   *asset
	id      string            // at first the asset's name
	name    string            // what people call it; at first the last part of the asset's name
	tags    map[string]string // its labels
	direct  *direct           // of a second reading; nil: it is the first
}

// decode reads the fields of the asset's data that into has. Where the data is
// missing, malformed or of another version of the API, every field of the
// document is marked as unread; what into holds then does not matter.
func (r *reading) decode(into any) {
	err := failed("read "+r.Type, r.asset.decode(into))
	if !slices.Contains(r.service.Versions, r.asset.Version) {
		err = otherVersion(r.Type, r.asset.Version)
	}
	r.Got(err, fieldsOf(r.service.Doc)...)
	if with, ok := into.(interface{ tags() map[string]string }); ok {
		r.tags = with.tags()
	}
}

// otherVersion is the error for data in the form of another version of the API.
func otherVersion(typ, version string) error {
	code := "API version " + version
	if version == "" || len(version) > 20 {
		code = "no API version"
	}
	cause := posture.Cause{Reason: posture.Failed, Operation: "read " + typ, Code: code}
	return &posture.ReadError{Cause: cause, Err: errors.New("data of another version of the API")}
}

// fieldsOf returns the JSON names of a document's fields.
func fieldsOf(doc any) []string {
	var names []string
	for field := range reflect.TypeOf(doc).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// need returns what the value points to. Where the inventory left it out, and
// nothing is known of it then, it marks the fields as unread.
func need[T any](r *reading, value *T, fields ...string) T {
	if value != nil {
		return *value
	}
	r.lacks(r.Type, fields...)
	var none T
	return none
}

// lacks marks fields as unread because the inventory left out what they are
// read from, a resource of the type or a part of one.
func (r *reading) lacks(typ string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.Failed, Operation: "read " + typ, Code: "not in the inventory"}, fields...)
}

// strange marks fields as unread because the inventory says something of them
// that this program does not know, such as a state that the API has gained.
func (r *reading) strange(what string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.Failed, Operation: "read " + r.Type, Code: "unknown " + what}, fields...)
}

// owner returns the project, folder or organization that the resource belongs to.
func (r *reading) owner() *node { return r.place.node }

// inScope reports whether a project, folder or organization, by its key, is
// among what is scanned.
func (r *reading) inScope(key string) bool { return r.place.estate.nodes[key] != nil }

// reachesOut reports whether something above the resource lies outside of the
// scope, and can be asked about directly.
func (r *reading) reachesOut() bool {
	outside := func(key string) bool { return !r.inScope(key) }
	return r.place.inventory.client != nil && slices.ContainsFunc(r.owner().ancestors, outside)
}

// withID returns a name that begins with a project with that project's id in it,
// where it may have its number: "projects/my-project/topics/my-topic".
func (r *reading) withID(name string) string { return r.place.estate.withID(name) }
