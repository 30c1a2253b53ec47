package engine

import (
	"strings"

	"posture/internal/posture"
)

// publicPortal is the portal of the public cloud.
const publicPortal = "https://portal.azure.com"

// OnePage is the path of the portal's page of a resource: {/id} is its id.
const OnePage = "/#resource{/id}"

// WholePage is the path of the page of the resource that one is a part of, or
// that is judged by a part of what is set on it.
const WholePage = "/#resource{/whole}"

// placeInPortal returns the public cloud's portal, and the words of a resource.
func placeInPortal(r posture.Resource) (origin string, words map[string]string) {
	return publicPortal, map[string]string{"id": r.ID, "subscription": r.Account, "name": r.Name, "whole": whole(r.ID)}
}

// whole returns the id of the resource of its own that an id is one of, or lies
// below: "/subscriptions/…/resourcegroups/…/providers/NAMESPACE/TYPE/NAME". It
// returns "" for an id of another form.
func whole(id string) string {
	parts := strings.SplitN(id, "/", 10)
	if len(parts) < 9 || parts[5] != "providers" {
		return ""
	}
	return strings.Join(parts[:9], "/")
}

// link returns where the portal of the cloud shows a resource.
func (e *Estate) link(r posture.Resource) string {
	rest, found := strings.CutPrefix(e.declared.Link(r), publicPortal)
	if !found {
		return ""
	}
	return e.options.Cloud.Portal + rest
}
