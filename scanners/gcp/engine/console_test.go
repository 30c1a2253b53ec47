package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestConsoleWords holds what can be put into the address of a resource.
func TestConsoleWords(t *testing.T) {
	for _, test := range []struct {
		id, account string
		want        map[string]string
	}{
		{"//storage.googleapis.com/shop-logs", "shop-prod", map[string]string{
			"name": "shop-logs", "project": "shop-prod", "scope": "project", "id": "shop-prod",
		}},
		{"//compute.googleapis.com/projects/shop-prod/global/firewalls/web", "shop-prod", map[string]string{
			"projects": "shop-prod", "firewalls": "web", "project": "shop-prod", "scope": "project", "id": "shop-prod",
		}},
		{"//compute.googleapis.com/projects/shop-prod/zones/z/disks/d", "shop-prod", map[string]string{
			"projects": "shop-prod", "zones": "z", "disks": "d", "level": "zones", "place": "z", "project": "shop-prod", "scope": "project", "id": "shop-prod",
		}},
		{"//cloudresourcemanager.googleapis.com/folders/2001/contacts", "folder-2001", map[string]string{"folders": "2001", "scope": "folder", "id": "2001"}},
		{"//logging.googleapis.com/organizations/3001/locations/global/buckets/_Default", "organization-3001", map[string]string{
			"organizations": "3001", "locations": "global", "buckets": "_Default", "level": "locations", "place": "global", "scope": "organizationId", "id": "3001",
		}},
		{"//x.googleapis.com/folders/x&y=z/contacts", "folder-2001", map[string]string{"folders": "x&y=z"}},
		{"//x.googleapis.com/project/p/scope/s/id/i", "shop prod&x=1", map[string]string{}},
		{"https://example.com/logs", "shop-prod", nil},
	} {
		_, got := placeInConsole(posture.Resource{ID: test.id, Account: test.account})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.id, diff)
		}
	}
}
