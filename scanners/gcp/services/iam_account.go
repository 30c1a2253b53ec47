package services

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// ServiceAccount is what rules may ask of a service account.
type ServiceAccount struct {
	Email       string         `json:"email"`        // by which policies name it
	Disabled    bool           `json:"disabled"`     // nobody can act as it
	Google      bool           `json:"google"`       // Google runs it for its services, which need the roles that it has
	AdminGrants []engine.Grant `json:"admin_grants"` // administrator, owner and editor roles that it has on projects, folders or organizations
	UserKeys    []string       `json:"user_keys"`    // ids of the keys that people made for it and that are not disabled
}

const typeAccountKey = "iam.googleapis.com/ServiceAccountKey"

var serviceAccounts = engine.Service{
	Type: scanners.Type{
		Name:    "iam.googleapis.com/ServiceAccount",
		Doc:     ServiceAccount{},
		Console: scanners.Console{Path: "/iam-admin/serviceaccounts/details/{serviceAccounts}?project={project}"},
	},
	Versions: []string{"v1"},
	Policies: []string{"admin_grants"},
	Joins:    []engine.Join{{Type: typeAccountKey, For: []string{"user_keys"}}},
	Get: []engine.Get{{
		Op: "iam.serviceAccounts.get", Permission: "iam.serviceAccounts.get", Root: "https://iam.googleapis.com/v1/", Version: "v1",
	}},
	Read: readServiceAccount,
}

// accountData is what is read of a service account (iam.serviceAccounts.get).
type accountData struct {
	Email    *string `gives:"name,email,google,admin_grants,user_keys"`
	UniqueID string  `json:"uniqueId" gives:"user_keys"`
	Disabled bool    `gives:"disabled"`
}

func readServiceAccount(ctx context.Context, r *engine.Reading) any {
	var data accountData
	r.Decode(&data)
	doc := &ServiceAccount{Email: engine.Need(r, data.Email, "email", "google", "admin_grants", "user_keys"), Disabled: data.Disabled}
	r.Name = cmp.Or(doc.Email, r.Name)
	doc.Google = googleAgent("serviceAccount:" + doc.Email)
	doc.AdminGrants = adminGrants(ctx, r, "serviceAccount:"+doc.Email, "admin_grants")
	doc.UserKeys = userKeys(r, doc.Email, data.UniqueID)
	return doc
}

// administers reports whether the grant is of a role that its name makes an
// administrator's, as in roles/storage.admin, or of owner or editor.
func administers(g engine.Grant) bool {
	return g.Role == "roles/owner" || g.Role == "roles/editor" || strings.Contains(strings.ToLower(engine.LastOf(g.Role)), "admin")
}

// adminGrants returns the administrators' roles that a member has on anything
// of the hierarchy that was scanned, and on what is above the resource.
func adminGrants(ctx context.Context, r *engine.Reading, member, field string) []engine.Grant {
	if !r.Wants(field) {
		return nil
	}
	policies, unread := r.ScopePolicies()
	index, err := engine.OnceInScope(r, "administrators", func() (map[string][]engine.Grant, error) { return administrators(policies), nil })
	r.Got(errors.Join(unread, err), field)
	found := slices.Clone(index[member])
	for _, key := range r.Above() {
		if r.InScope(key) {
			continue
		}
		p, err := r.PolicyOf(ctx, key)
		if r.Got(err, field) && p != nil {
			found = append(found, where(p.Grants, func(g engine.Grant) bool { return g.Member == member && administers(g) })...)
		}
	}
	return found
}

// administrators returns the administrators' roles that policies grant, by
// member.
func administrators(policies map[string]*engine.Policy) map[string][]engine.Grant {
	found := map[string][]engine.Grant{}
	for _, p := range policies {
		for _, g := range where(p.Grants, administers) {
			found[g.Member] = append(found[g.Member], g)
		}
	}
	for _, grants := range found {
		slices.SortStableFunc(grants, func(a, b engine.Grant) int { return strings.Compare(a.On, b.On) })
	}
	return found
}

// userKeys returns the ids of an account's keys that people made and that are
// not disabled, sorted. A key's name holds one of the account's names.
func userKeys(r *engine.Reading, names ...string) []string {
	index := indexOf(r, typeAccountKey, "user_keys", keysByAccount)
	ids := map[string]bool{}
	for _, name := range names {
		for id, key := range index[name] {
			_, known := ids[id]
			if !known && !slices.Contains(keyTypes, key.Type) {
				r.Strange("type of a key", "user_keys")
			}
			ids[id] = key.Type == userManaged && !key.Disabled
		}
	}
	maps.DeleteFunc(ids, func(_ string, kept bool) bool { return !kept })
	return slices.Sorted(maps.Keys(ids))
}

// keysByAccount returns keys by the account in their names and by their ids.
// Data and asset may name the account differently.
func keysByAccount(keys []engine.Joined[keyData]) map[string]map[string]keyData {
	found := map[string]map[string]keyData{}
	for _, key := range keys {
		for _, name := range []string{key.Name, key.Data.Name} {
			account := accountOf(name)
			if account == "" { // an account may lack a name, too
				continue
			}
			if found[account] == nil {
				found[account] = map[string]keyData{}
			}
			found[account][engine.LastOf(key.Name)] = key.Data
		}
	}
	return found
}

// accountOf returns the email or the number of the account in a key's name:
// "projects/p/serviceAccounts/ACCOUNT/keys/k".
func accountOf(name string) string {
	_, rest, _ := strings.Cut(name, "/serviceAccounts/")
	account, _, _ := strings.Cut(rest, "/")
	return account
}
