package oncloudrun

import (
	"context"

	"posture/internal/setup"
)

// week keeps the page of a week.
func week(ctx context.Context, s *site, e Event) (Answer, error) {
	kept, err := setup.Weekly{Store: s.Store, Config: s.Config, Slot: e.Slot, Week: e.Week, Now: s.Now()}.Keep(ctx)
	return Answer{Go: true, Kept: &kept}, err
}
