package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/store"
	"posture/internal/weekly"
	"posture/rules"
)

// Weekly says which page to keep.
type Weekly struct {
	Store  store.Store
	Config config.Config
	Slot   time.Time // the time that it was scheduled for; the page is of the week before
	Week   string    // as in 2026-W47, to make the page of another week that is over
	Now    time.Time
}

// KeptWeek is what came of it. Without any run there is no page.
type KeptWeek struct {
	Week     string `json:"week"`
	Report   string `json:"report,omitempty"` // the page's id
	Headline string `json:"headline,omitempty"`
	New      bool   `json:"new"` // it was not there before
	NoRuns   bool   `json:"no_runs,omitempty"`
}

// Keep makes the page of a week and stores it, unless it is stored already. It
// may be repeated and run twice at once.
func (w Weekly) Keep(ctx context.Context) (KeptWeek, error) {
	week, err := w.week()
	if err != nil {
		return KeptWeek{}, err
	}
	page, err := weekly.Kept(ctx, w.Store, week)
	if errors.Is(err, store.ErrNotFound) {
		page, err = w.collect(ctx, week)
	}
	if errors.Is(err, weekly.ErrNoRuns) {
		return KeptWeek{Week: week.String(), NoRuns: true}, nil
	}
	if err != nil {
		return KeptWeek{}, err
	}
	kept, won, err := weekly.Keep(ctx, w.Store, page)
	return KeptWeek{Week: week.String(), Report: kept.ID, Headline: kept.Headline, New: won}, err
}

// week returns the week that is meant. The page of one which is not over would
// be kept for good.
func (w Weekly) week() (week weekly.Week, err error) {
	if week = weekly.Of(w.Slot).Before(1); w.Week != "" {
		week, err = weekly.Parse(w.Week)
	}
	if err == nil && w.Now.Before(week.End()) {
		err = fmt.Errorf("week %s is not over: its page is kept from %s on, posture weekly shows it before", week, week.End().Format(time.DateOnly))
	}
	return week, err
}

func (w Weekly) collect(ctx context.Context, week weekly.Week) (weekly.Page, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return weekly.Page{}, err
	}
	return weekly.Collect(ctx, w.Store, weekly.Options{Week: week, Now: w.Now, Config: w.Config, Criteria: criteria.All(), Tool: Version})
}
