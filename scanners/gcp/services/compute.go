package services

import (
	"encoding/json"
	"strings"

	"posture/scanners/gcp/engine"
)

// computeVersions are the versions of the Compute Engine API in whose form
// its resources are understood: they differ in what is added only.
var computeVersions = []string{"v1", "beta", "alpha"}

// computeGet returns the direct read of a resource of Compute Engine. The
// resource is as its permission names it: "disks".
func computeGet(resource string) engine.Get {
	op := "compute." + resource + ".get"
	return engine.Get{Op: op, Permission: op, Root: "https://compute.googleapis.com/compute/v1/", Version: "v1"}
}

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

// pathOfItself returns the path of the resource. Without one nothing that
// points to it can be found, and the fields are marked as unread.
func pathOfItself(r *engine.Reading, l linked, fields ...string) string {
	if l.SelfLink == "" {
		r.Lacks(r.Type, fields...)
	}
	return path(l.SelfLink)
}

// metadata is what is kept of the metadata of a VM or of its project: the
// keys that the scanner asks for. The others may hold secrets, or long scripts.
type metadata map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (m *metadata) UnmarshalJSON(b []byte) error {
	var all struct {
		Items []struct{ Key, Value string }
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*m = metadata{}
	for _, item := range all.Items {
		switch item.Key {
		case "block-project-ssh-keys", "created-by", "enable-oslogin", "enable-oslogin-2fa", "serial-port-enable":
			(*m)[item.Key] = item.Value
		}
	}
	return nil
}

// on reports whether a key is there and switches something on.
func (m metadata) on(key string) bool { return isOn(m[key]) }

// off reports whether a key is there and does not switch something on.
func (m metadata) off(key string) bool {
	value, ok := m[key]
	return ok && !isOn(value)
}

// managed reports whether a managed instance group made the VM: it says so in
// the metadata.
func (m metadata) managed() bool { return strings.Contains(m["created-by"], "/instanceGroupManagers/") }

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
func indexOf[T, V any](r *engine.Reading, typ, field string, build func([]engine.Joined[T]) map[string]V) map[string]V {
	found := engine.Siblings[T](r, typ, field)
	if len(found) == 0 {
		return nil
	}
	index, err := engine.Once(r, "index "+r.Type+" "+field+" "+typ+" "+r.Owner().Key, func() (map[string]V, error) {
		return build(found), nil
	})
	r.Got(err, field)
	return index
}
