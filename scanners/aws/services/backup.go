package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/scanners/aws/engine"
)

func backupClient(p *engine.Place) *backup.Client { return engine.Client(p, backup.NewFromConfig) }

// protectedByBackup returns the ARNs of the region's resources that AWS
// Backup holds a recovery point, with the time of the last backup. It is read
// once per account and region. With an error comes what was listed before it:
// only what is not in it is in doubt. A type that needs it declares the call
// backup:ListProtectedResources.
func protectedByBackup(ctx context.Context, p *engine.Place) (map[string]time.Time, error) {
	return engine.Once(p, "backup protected resources", func() (map[string]time.Time, error) {
		pages := backup.NewListProtectedResourcesPaginator(backupClient(p), &backup.ListProtectedResourcesInput{MaxResults: aws.Int32(1000)})
		list, err := engine.ListAll(ctx, pages, func(out *backup.ListProtectedResourcesOutput) []types.ProtectedResource { return out.Results })
		protected := make(map[string]time.Time, len(list))
		for _, resource := range list {
			protected[aws.ToString(resource.ResourceArn)] = aws.ToTime(resource.LastBackupTime)
		}
		return protected, err
	})
}

// readLastBackup returns when AWS Backup last backed up the resource, or one
// that it is a part of; the zero time when it never did. It marks the
// field last_backup when that is not known.
func readLastBackup(ctx context.Context, r *engine.Reading, arns ...string) time.Time {
	const field = "last_backup"
	if !r.Wants(field) {
		return time.Time{}
	}
	protected, err := protectedByBackup(ctx, r.Place)
	var last time.Time
	for _, arn := range arns {
		backedUp, found := protected[arn]
		switch {
		case !found:
			r.Got(err, field)
		case backedUp.IsZero():
			r.Absent("backup:ListProtectedResources", field)
		}
		if backedUp.After(last) {
			last = backedUp
		}
	}
	return last
}

// readCreated returns when the resource was made, by the answer of the
// operation, and marks the field created as unread when that does not say.
// Rules about backups leave alone what is too new to have one.
func readCreated(r *engine.Reading, made *time.Time, operation string) time.Time {
	if made == nil || made.IsZero() {
		r.Absent(operation, "created")
		return time.Time{}
	}
	return made.UTC()
}
