package engine

import (
	"posture/internal/posture"
	"posture/scanners"
)

// Reading is one resource being read.
type Reading struct {
	scanners.Reading
	Place *Place
}

// Emit hands over the resource that was read. The document's tags, if it has
// any, belong in tags; tags that could not be read are marked as unread under
// the field "tags".
func (r *Reading) Emit(id, name string, tags map[string]string, doc any) {
	r.EmitIn(r.Place.Region, id, name, tags, doc)
}

// EmitIn is Emit for a resource of another region than the place's. An empty
// region is the place's.
func (r *Reading) EmitIn(region, id, name string, tags map[string]string, doc any) {
	if region == "" {
		region = r.Place.Region
	}
	r.Place.emit(posture.Resource{Region: region, ID: id, Name: name, Tags: tags, Doc: doc, Unread: r.Unread()})
}

// Flag returns a yes/no setting that the operation always answers, and marks
// the field as unread when it did not. It is for settings of which a missing
// one must not read as "no".
func (r *Reading) Flag(value *bool, operation, field string) bool {
	if value == nil {
		r.Absent(operation, field)
		return false
	}
	return *value
}
