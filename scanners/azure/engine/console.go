package engine

import (
	"strings"

	"posture/internal/posture"
)

// publicPortal is the portal of the public cloud.
const publicPortal = "https://portal.azure.com"

// OnePage is the path of the portal's page of a resource: {/id} is its id.
const OnePage = "/#resource{/id}"

// placeInPortal returns the public cloud's portal, and the words of a resource.
func placeInPortal(r posture.Resource) (origin string, words map[string]string) {
	return publicPortal, map[string]string{"id": r.ID, "subscription": r.Account, "name": r.Name}
}

// link returns where the portal of the cloud shows a resource.
func (e *Estate) link(r posture.Resource) string {
	rest, found := strings.CutPrefix(e.declared.Link(r), publicPortal)
	if !found {
		return ""
	}
	return e.options.Cloud.Portal + rest
}
