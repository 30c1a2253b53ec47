package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ResourceGroup is what rules may ask of a resource group.
type ResourceGroup struct {
	DeleteLock bool `json:"delete_lock"` // a lock on it or on its subscription keeps it from being deleted
	Managed    bool `json:"managed"`     // another service made it and keeps it
}

const readLocks = "Microsoft.Authorization/locks/read"

var resourceGroups = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Resources/subscriptions/resourceGroups",
		Service: "locks",
		Doc:     ResourceGroup{},
		Calls:   []scanners.Call{{Op: readLocks, For: []string{"delete_lock"}}},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Table: subscriptionTable,
	Get:   "2021-04-01",
	Read:  readResourceGroup,
}

// lock is one as Azure Resource Manager lists it
// (learn.microsoft.com/rest/api/resources/management-locks/list-at-subscription-level).
type lock struct {
	ID         string
	Properties struct{ Level string }
}

func readResourceGroup(r *engine.Reading) any {
	doc := &ResourceGroup{Managed: r.Managed()}
	if !r.Wants("delete_lock") {
		return doc
	}
	subscription := "/subscriptions/" + r.Row.Subscription
	locks, err := engine.Once(r, "locks", func() ([]lock, error) {
		return engine.FetchAllOf[lock](r, readLocks, subscription, "/providers/Microsoft.Authorization/locks", "2016-09-01")
	})
	r.Got(err, "delete_lock")
	for _, l := range locks {
		at, _, _ := strings.Cut(strings.ToLower(l.ID), "/providers/microsoft.authorization/locks/")
		if at != r.Row.ID && at != subscription {
			continue
		}
		switch strings.ToLower(l.Properties.Level) {
		case "cannotdelete", "readonly":
			return &ResourceGroup{Managed: doc.Managed, DeleteLock: true}
		case "notspecified":
		default:
			oneOf(r, "level of a lock", l.Properties.Level, "delete_lock")
		}
	}
	return doc
}
