package weekly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"posture/internal/snapshot"
	"posture/internal/store"
)

// pageLimit bounds a stored page. One with all the rows that it may hold takes
// some forty million bytes.
const pageLimit = 128 << 20

// Key returns where the page of a week is kept in a form: json, html or csv.
func Key(week Week, format string) string {
	return "weekly/" + week.String() + "/posture-" + week.String() + "." + format
}

// Keep stores the page of a week unless it was stored before, as JSON, HTML
// and CSV, and returns the page that is stored. It may be called any number of
// times and may die at any point: the page that was stored first as JSON is
// the one that counts, and whoever comes next makes the other forms of it.
func Keep(ctx context.Context, s store.Store, page Page) (kept Page, won bool, err error) {
	kept, won, err = keepPage(ctx, s, page)
	for _, format := range []string{"html", "csv"} {
		if err == nil {
			err = keepForm(ctx, s, kept, format)
		}
	}
	if err != nil {
		return Page{}, false, fmt.Errorf("keep the page of week %s: %w", page.Week, err)
	}
	return kept, won, nil
}

func keepPage(ctx context.Context, s store.Store, page Page) (Page, bool, error) {
	body, err := page.render("json")
	if err != nil {
		return Page{}, false, err
	}
	key := Key(page.Week, "json")
	if _, err = s.PutIfAbsent(ctx, key, body); !errors.Is(err, store.ErrExists) {
		return page, err == nil, err
	}
	kept, err := Kept(ctx, s, page.Week)
	return kept, false, err
}

func keepForm(ctx context.Context, s store.Store, page Page, format string) error {
	body, err := page.render(format)
	if err != nil {
		return err
	}
	if _, err := s.PutIfAbsent(ctx, Key(page.Week, format), body); !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// Kept returns the page of a week that is stored, or store.ErrNotFound.
func Kept(ctx context.Context, s store.Store, week Week) (Page, error) {
	key := Key(week, "json")
	body, _, err := store.Read(ctx, s, key, pageLimit)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if err := json.Unmarshal(body, &page); err != nil || page.Week != week {
		return Page{}, fmt.Errorf("%s: %w: it is no page of this week: delete it to have the page made again", key, snapshot.ErrCorrupt)
	}
	return page, nil
}

// Latest returns the last week that is over and in which a run was closed, or
// else the week that is under way if one was closed in it, or ErrNoRuns.
func Latest(ctx context.Context, s store.Store, o Options) (Week, error) {
	now := Of(o.Now)
	for n := 1; n <= history+1; n++ {
		if has, err := closedIn(ctx, s, now.Before(n)); has || err != nil {
			return now.Before(n), err
		}
	}
	if has, err := closedIn(ctx, s, now); has || err != nil {
		return now, err
	}
	return Week{}, ErrNoRuns
}

// closedIn reports whether a run of the week was closed. A manifest that is
// damaged is one too.
func closedIn(ctx context.Context, s store.Store, week Week) (bool, error) {
	for id, err := range snapshot.Runs(ctx, s, week.Start(), week.End()) {
		if err != nil {
			return false, err
		}
		if _, err = snapshot.LoadManifest(ctx, s, id); !errors.Is(err, store.ErrNotFound) {
			if errors.Is(err, snapshot.ErrCorrupt) {
				err = nil
			}
			return err == nil, err
		}
	}
	return false, nil
}
