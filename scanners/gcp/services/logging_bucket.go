package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// LogBucket is what rules may ask of a bucket of Cloud Logging, of a project,
// a folder or an organization.
type LogBucket struct {
	RetentionDays int  `json:"retention_days"` // how long entries are kept
	Locked        bool `json:"locked"`         // that can no longer be shortened, nor the bucket deleted
	Deleted       bool `json:"deleted"`        // it is about to be deleted
}

var logBuckets = engine.Service{
	Type: scanners.Type{
		Name:    "logging.googleapis.com/LogBucket",
		Doc:     LogBucket{},
		Console: scanners.Console{Path: "/logs/storage?{scope}={id}"},
	},
	Versions: []string{"v2"},
	Get: []engine.Get{{
		Op: "logging.buckets.get", Permission: "logging.buckets.get", Root: "https://logging.googleapis.com/v2/", Version: "v2",
	}},
	Read: readLogBucket,
}

// logBucketData is what is read of a bucket (logging.buckets.get).
type logBucketData struct {
	RetentionDays *engine.Integer `gives:"retention_days"`
	Locked        bool            `gives:"locked"`
	State         string          `json:"lifecycleState" gives:"deleted"`
}

func readLogBucket(_ context.Context, r *engine.Reading) any {
	var data logBucketData
	r.Decode(&data)
	return &LogBucket{
		RetentionDays: int(engine.Need(r, data.RetentionDays, "retention_days")), Locked: data.Locked, Deleted: data.State == "DELETE_REQUESTED",
	}
}
