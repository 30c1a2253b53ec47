package services

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"google.golang.org/api/policyanalyzer/v1"

	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// ServiceAccountKey is what rules may ask of a key of a service account.
type ServiceAccountKey struct {
	Account     string    `json:"service_account"` // its service account's email, or number
	UserManaged bool      `json:"user_managed"`    // people made it; else Google made it, and rotates it
	Disabled    bool      `json:"disabled"`        // it opens nothing
	Uploaded    bool      `json:"uploaded"`        // made elsewhere, so that whoever made it chose the dates
	Created     time.Time `json:"created"`         // from when on it is valid
	Expires     time.Time `json:"expires"`         // until when it is valid
	LastUsed    time.Time `json:"last_used"`       // the last day on which somebody signed in with it; the zero time: never
}

var accountKeys = engine.Service{
	Type: scanners.Type{
		Name:    typeAccountKey,
		Doc:     ServiceAccountKey{},
		Calls:   []scanners.Call{{Op: opKeyUse, Permission: "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", For: []string{"last_used"}}},
		Console: scanners.Console{Path: "/iam-admin/serviceaccounts/details/{serviceAccounts}/keys?project={project}"},
	},
	Versions: []string{"v1"},
	Get: []engine.Get{{
		Op: "iam.serviceAccountKeys.get", Permission: "iam.serviceAccountKeys.get", Root: "https://iam.googleapis.com/v1/", Version: "v1",
	}},
	Read: readAccountKey,
}

const opKeyUse = "policyanalyzer.activities.query"

const userManaged = "USER_MANAGED"

var (
	keyTypes   = []string{userManaged, "SYSTEM_MANAGED"}
	keyOrigins = []string{"USER_PROVIDED", "GOOGLE_PROVIDED"}
)

// keyData is what is read of a key (iam.serviceAccountKeys.get).
type keyData struct {
	Name     string     `gives:"-"`
	Type     string     `json:"keyType" gives:"user_managed,last_used"`
	Origin   string     `json:"keyOrigin" gives:"uploaded"`
	Created  *time.Time `json:"validAfterTime" gives:"created"`
	Expires  *time.Time `json:"validBeforeTime" gives:"expires"`
	Disabled bool       `gives:"disabled"`
}

func readAccountKey(ctx context.Context, r *engine.Reading) any {
	var data keyData
	r.Decode(&data)
	doc := &ServiceAccountKey{
		Account: accountOf(r.Asset.Name), UserManaged: data.Type == userManaged, Disabled: data.Disabled, Uploaded: data.Origin == "USER_PROVIDED",
		Created: engine.Need(r, data.Created, "created").UTC(), Expires: engine.Need(r, data.Expires, "expires").UTC(),
	}
	if !slices.Contains(keyTypes, data.Type) {
		r.Strange("type of a key", "user_managed")
	}
	if !slices.Contains(keyOrigins, data.Origin) {
		r.Strange("origin of a key", "uploaded")
	}
	if r.Wants("last_used") && doc.UserManaged {
		used, err := engine.Once(r, "key use "+r.Owner().Key, func() (map[string]time.Time, error) { return keyUse(ctx, r) })
		r.Got(err, "last_used")
		doc.LastUsed = used[engine.LastOf(r.Asset.Name)]
	}
	return doc
}

// keyUse returns when somebody last signed in with the keys of the resource's
// project, by the keys' ids.
func keyUse(ctx context.Context, r *engine.Reading) (map[string]time.Time, error) {
	client, err := engine.Client(ctx, r, policyanalyzer.NewService)
	if err != nil {
		return nil, scanners.Failed(opKeyUse, err)
	}
	parent := r.Owner().Key + "/locations/global/activityTypes/serviceAccountKeyLastAuthentication"
	query := client.Projects.Locations.ActivityTypes.Activities.Query(parent).PageSize(1000).Context(ctx)
	used := map[string]time.Time{}
	type activities = policyanalyzer.GoogleCloudPolicyanalyzerV1QueryActivityResponse
	ask := func(token string) (*activities, error) {
		if token != "" {
			query.PageToken(token)
		}
		return engine.Do(r, opKeyUse, func() (*activities, error) { return query.Do() })
	}
	var odd error
	err = answer.Pages(ask, func(page *activities) string { return page.NextPageToken }, func(page *activities) bool {
		odd = addKeyUse(used, page.Activities)
		return odd == nil
	})
	return used, scanners.Failed(opKeyUse, cmp.Or(err, odd))
}

// addKeyUse adds when keys were last used. One that never was has no time.
func addKeyUse(used map[string]time.Time, activities []*policyanalyzer.GoogleCloudPolicyanalyzerV1Activity) error {
	for _, a := range activities {
		var last struct{ LastAuthenticatedTime time.Time }
		if err := json.Unmarshal(a.Activity, &last); err != nil {
			return err
		}
		used[engine.LastOf(a.FullResourceName)] = last.LastAuthenticatedTime.UTC()
	}
	return nil
}
