package awscloud

import (
	"context"
	"time"

	"posture/internal/drift"
	"posture/scanners/aws"
)

// lastChange asks the account's CloudTrail who changed a resource, with the
// credentials by which the account is read.
func (c *cloud) lastChange(ctx context.Context, of drift.Resource, after, before time.Time) (*drift.Attribution, error) {
	cfg, _, err := c.credentials(ctx, of.Account)
	if err != nil {
		return nil, err
	}
	change, err := aws.LastChange(ctx, cfg, aws.Changed{
		Account: of.Account, Region: of.Region, ID: of.ID, After: after, Before: before,
	})
	if change == nil || err != nil {
		return nil, err
	}
	return &drift.Attribution{Event: change.Event, Time: change.Time, Principal: change.Principal, Session: change.Session}, nil
}
