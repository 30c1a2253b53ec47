package gcp

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestCatalogueCalls holds that the calls which are declared are those which
// the inventory makes, whatever of a type is read.
func TestCatalogueCalls(t *testing.T) {
	if diff := cmp.Diff(Permissions(), Catalogue().Permissions()); diff != "" {
		t.Error(diff)
	}
	for _, s := range all {
		for _, field := range append(fieldsOf(s.Doc), "") {
			want := posture.Want{s.Type: {field}}
			var got []Call
			for _, call := range Catalogue().Calls(want) {
				got = append(got, Call{call.Op, call.Permission})
			}
			slices.SortFunc(got, func(a, b Call) int { return strings.Compare(a.Op, b.Op) })
			if diff := cmp.Diff(Calls(want), slices.Compact(got)); diff != "" {
				t.Errorf("%s %s: %s", s.Type, field, diff)
			}
		}
	}
}

// TestCatalogueWords holds what can be put into the address of a resource.
func TestCatalogueWords(t *testing.T) {
	for id, want := range map[string]map[string]string{
		"//storage.googleapis.com/shop-logs":                               {"project": "shop-prod", "name": "shop-logs"},
		"//compute.googleapis.com/projects/shop-prod/global/firewalls/web": {"project": "shop-prod", "projects": "shop-prod", "firewalls": "web"},
		"//compute.googleapis.com/projects/shop-prod/zones/z/disks/d": {
			"project": "shop-prod", "projects": "shop-prod", "zones": "z", "disks": "d", "level": "zones", "place": "z",
		},
		"https://example.com/logs": nil,
	} {
		_, got := Catalogue().Place(posture.Resource{ID: id, Account: "shop-prod"})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}
