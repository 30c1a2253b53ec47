package gcp

import "strings"

// computeVersions are the versions of the Compute Engine API in whose form
// its resources are understood: they differ in what is added only.
var computeVersions = []string{"v1", "beta", "alpha"}

// linked is embedded by the data of resources to which others point by their
// URL.
type linked struct {
	SelfLink string `json:"selfLink"`
}

// path returns what the URLs of a resource have in common, whatever the host
// and the version of the API in them: "projects/p/zones/z/disks/d".
func path(url string) string {
	_, rest, found := strings.Cut(url, "/projects/")
	if !found {
		return url
	}
	return "projects/" + rest
}

// link returns the path of the resource itself. Without one nothing that
// points to it can be found, and the fields are marked as unread.
func (r *reading) link(l linked, fields ...string) string {
	if l.SelfLink == "" {
		r.absent(r.Type, fields...)
	}
	return path(l.SelfLink)
}

// metadata is the metadata of a VM or of its project. It may hold secrets:
// nothing of it goes into a document.
type metadata struct {
	Items []struct{ Key, Value string }
}

// get returns the value of a key and whether there is one.
func (m metadata) get(key string) (string, bool) {
	for _, item := range m.Items {
		if item.Key == key {
			return item.Value, true
		}
	}
	return "", false
}

// isOn reports whether a value of the metadata switches something on, in any
// of the spellings that Compute Engine takes.
func isOn(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "true", "y", "yes", "1":
		return true
	}
	return false
}

// indexOf returns what build makes of the siblings of a type, made once per
// project. The field is the one that it gives.
func indexOf[T, V any](r *reading, typ, field string, build func([]joined[T]) map[string]V) map[string]V {
	found := siblings[T](r, typ, field)
	if len(found) == 0 {
		return nil
	}
	index, err := once(r.place.inventory, "index "+r.Type+" "+field+" "+typ+" "+r.key(), func() (map[string]V, error) {
		return build(found), nil
	})
	r.Got(err, field)
	return index
}
