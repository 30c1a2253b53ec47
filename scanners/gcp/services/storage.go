package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// StorageBucket is what rules may ask of a bucket of Cloud Storage.
type StorageBucket struct {
	PublicAccessPrevention bool           `json:"public_access_prevention"` // enforced, by the bucket or an organization policy: no grant to the public works
	PublicGrants           []engine.Grant `json:"public_grants"`            // grants of its own policy to allUsers or allAuthenticatedUsers
	InheritedPublicGrants  []engine.Grant `json:"inherited_public_grants"`  // the same, of its project, folders and organization
	UniformAccess          bool           `json:"uniform_access"`           // access is by IAM only, objects have no lists of their own
	KMSKey                 string         `json:"kms_key"`                  // the customer-managed key that encrypts new objects by default; "" for Google's
	Versioning             bool           `json:"versioning"`               // overwritten and deleted objects are kept as versions
	SoftDeleteDays         int            `json:"soft_delete_days"`         // how long deleted objects can be restored; 0: not at all
	RetentionDays          int            `json:"retention_days"`           // how long objects cannot be deleted; 0: no retention policy
	RetentionLocked        bool           `json:"retention_locked"`         // the retention policy can no longer be shortened or removed
	DeletesObjects         bool           `json:"deletes_objects"`          // a lifecycle rule deletes objects
	AccessLogBucket        string         `json:"access_log_bucket"`        // where usage logs go; "" when they are off
	DataAccessLogged       bool           `json:"data_access_logged"`       // Data Access audit logs record reads and writes of its objects
	LocationType           string         `json:"location_type"`            // region, dual-region or multi-region
	ReceivesLogs           bool           `json:"receives_logs"`            // an enabled log sink of what was scanned, or above it, delivers here
	ServiceMade            bool           `json:"service_made"`             // a service of Google made it for its own needs, where it runs
}

var storageBuckets = engine.Service{
	Type: scanners.Type{
		Name:    "storage.googleapis.com/Bucket",
		Doc:     StorageBucket{},
		Calls:   []scanners.Call{{Op: opEffectivePolicy, Permission: "orgpolicy.policy.get", For: []string{"public_access_prevention"}}, callsSinks("receives_logs")},
		Console: scanners.Console{Path: "/storage/browser/{name}?project={project}"},
	},
	Versions: []string{"v1"},
	Policies: []string{"public_grants", "inherited_public_grants", "data_access_logged", "receives_logs"},
	OrgRules: []string{"public_access_prevention"},
	Joins: []engine.Join{
		{Type: typeLogSink, For: []string{"receives_logs"}, Everywhere: true},
		{Type: typeOrgPolicy, For: []string{"public_access_prevention"}},
	},
	Get: []engine.Get{{
		Op: "storage.buckets.get", Permission: "storage.buckets.get", Root: "https://storage.googleapis.com/storage/v1/b/", Version: "v1",
		Policy: engine.PolicyGet{Op: "storage.buckets.getIamPolicy", Permission: "storage.buckets.getIamPolicy", Form: engine.PolicyOfStorage},
	}},
	Read: readBucket,
}

const typeLogSink = "logging.googleapis.com/LogSink"

// bucketData is what is read of a bucket (storage.buckets.get).
type bucketData struct {
	engine.Labelled
	Access struct {
		Uniform          struct{ Enabled bool } `json:"uniformBucketLevelAccess" gives:"uniform_access"`
		PublicPrevention string                 `json:"publicAccessPrevention" gives:"public_access_prevention"` // enforced, inherited or unspecified
	} `json:"iamConfiguration" gives:"uniform_access,public_access_prevention"`
	Encryption struct {
		Key string `json:"defaultKmsKeyName"`
	} `gives:"kms_key"`
	Versioning struct{ Enabled bool } `gives:"versioning"`
	SoftDelete struct {
		Seconds engine.Integer `json:"retentionDurationSeconds"`
	} `json:"softDeletePolicy" gives:"soft_delete_days"`
	Retention struct {
		Seconds engine.Integer `json:"retentionPeriod" gives:"retention_days"`
		Locked  bool           `json:"isLocked" gives:"retention_locked"`
	} `json:"retentionPolicy" gives:"retention_days,retention_locked"`
	Lifecycle struct {
		Rule []struct{ Action struct{ Type string } }
	} `gives:"deletes_objects"`
	Logging struct {
		Bucket string `json:"logBucket"`
	} `gives:"access_log_bucket"`
	LocationType *string `gives:"location_type"`
}

const daySeconds = 24 * 60 * 60

func readBucket(ctx context.Context, r *engine.Reading) any {
	var data bucketData
	r.Decode(&data)
	doc := &StorageBucket{
		UniformAccess: data.Access.Uniform.Enabled, KMSKey: data.Encryption.Key, Versioning: data.Versioning.Enabled,
		SoftDeleteDays: int(data.SoftDelete.Seconds / daySeconds), RetentionDays: int(data.Retention.Seconds / daySeconds),
		RetentionLocked: data.Retention.Locked, AccessLogBucket: data.Logging.Bucket,
		LocationType: engine.Need(r, data.LocationType, "location_type"),
	}
	for _, rule := range data.Lifecycle.Rule {
		doc.DeletesObjects = doc.DeletesObjects || rule.Action.Type == "Delete"
	}
	doc.PublicAccessPrevention = data.Access.PublicPrevention == "enforced" ||
		inForce(ctx, r, "public_access_prevention", force{"storage.publicAccessPrevention", enforces})
	doc.PublicGrants = where(r.Grants("public_grants"), toPublic)
	doc.InheritedPublicGrants = where(r.Inherited(ctx, "inherited_public_grants"), toPublic)
	doc.DataAccessLogged = dataAccessLogged(ctx, r, "storage.googleapis.com", "data_access_logged")
	doc.ReceivesLogs = receivesLogs(ctx, r, "storage.googleapis.com/"+r.Name, "receives_logs")
	doc.ServiceMade = serviceBucket(r.Name, r.Owner())
	return doc
}

// sinkData is what is read of a log sink (logging.sinks.get).
type sinkData struct {
	Destination string // "storage.googleapis.com/my-bucket"
	Disabled    bool
}

// receivesLogs reports whether an enabled sink delivers to the destination: of
// the scope, or of what lies above the resource.
func receivesLogs(ctx context.Context, r *engine.Reading, destination, field string) bool {
	if !r.Wants(field) {
		return false
	}
	delivers := func(to string, disabled bool) bool { return !disabled && strings.EqualFold(to, destination) }
	for _, sink := range engine.Everywhere[sinkData](r, typeLogSink, field) {
		if delivers(sink.Data.Destination, sink.Data.Disabled) {
			return true
		}
	}
	var unread error
	for _, key := range r.Outside() {
		sinks, err := listSinks(ctx, r, key)
		unread = errors.Join(unread, err)
		if slices.ContainsFunc(sinks, func(s exportData) bool { return delivers(s.Destination, s.Disabled) }) {
			return true
		}
	}
	if r.Got(unread, field) {
		r.Got(strangeWriter(r, field), field)
	}
	return false
}

// dataAccessLogged reports whether audit configurations of the resource's
// project or above log all reads and writes of a service's data. Where one of
// them was not read, which may log or leave somebody out, it marks the field as
// unread, unless another one leaves somebody out.
func dataAccessLogged(ctx context.Context, r *engine.Reading, service, field string) bool {
	if !r.Wants(field) {
		return false
	}
	logged, exempt := map[string]bool{}, map[string]bool{}
	var unread error
	for _, key := range r.Above() {
		p, err := r.PolicyOf(ctx, key)
		if err != nil {
			unread = errors.Join(unread, err)
		} else if p != nil {
			addLogged(p, logged, exempt, service)
		}
	}
	if exempt["DATA_READ"] || exempt["DATA_WRITE"] {
		return false
	}
	r.Got(unread, field)
	return logged["DATA_READ"] && logged["DATA_WRITE"]
}

// addLogged adds the kinds of logs that a policy switches on for a service, and
// those where it leaves somebody out. Who is left out by one policy is so
// whatever others say.
func addLogged(p *engine.Policy, logged, exempt map[string]bool, service string) {
	for _, a := range p.Audit {
		if a.Service == "allServices" || a.Service == service {
			logged[a.Type] = true
			exempt[a.Type] = exempt[a.Type] || len(a.Exempted) > 0
		}
	}
}
