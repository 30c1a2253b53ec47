package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
)

// look is one question to the audit log.
type look struct{ resource, after, before string }

// auditLog is a made-up audit log.
type auditLog struct {
	looks  []look
	answer func(ctx context.Context, r drift.Resource) (*drift.Attribution, error)
}

func (l *auditLog) lastChange(ctx context.Context, r drift.Resource, after, before time.Time) (*drift.Attribution, error) {
	l.looks = append(l.looks, look{r.Account + "/" + r.ID, after.Format(time.DateTime), before.Format(time.DateTime)})
	return l.answer(ctx, r)
}

// regress does a run in which buckets of the accounts go bad, and returns what
// is shown of each.
func regress(t *testing.T, s *site, log *auditLog, buckets int) (shown map[string]*drift.Attribution) {
	t.Helper()
	for _, id := range []string{"1", "2"} {
		for i := range buckets {
			s.cloud.put(id, fmt.Sprint("arn:bucket:", i), good)
		}
	}
	s.run(t)
	for _, id := range []string{"1", "2"} {
		for i := range buckets {
			s.cloud.put(id, fmt.Sprint("arn:bucket:", i), bad)
		}
		s.cloud.put(id, "arn:bucket:new", bad) // appeared: nobody changed it
	}
	a := s.process(s.disk)
	with := s.cloud.as(s.policy)
	with.LastChange = log.lastChange
	a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: with}
	published, err := s.try(a)
	if err != nil {
		t.Fatal(err)
	}
	shown = map[string]*drift.Attribution{}
	for _, alert := range published.Alerts {
		for _, r := range alert.Resources {
			if alert.Kind == drift.Regressed || r.Likely != nil {
				shown[r.Account+"/"+r.ID] = r.Likely
			}
		}
	}
	if len(shown) != 2*buckets {
		t.Fatalf("%d regressions, want %d", len(shown), 2*buckets)
	}
	return shown
}

func TestAttribution(t *testing.T) {
	t.Parallel()
	at := first.Add(20 * time.Hour)
	byPerson := drift.Attribution{Event: "PutBucket", Time: at, Principal: "Admin", Session: "ann@example.com"}
	byUser := drift.Attribution{Event: "PutBucket", Time: at, Principal: "ann@example.com"}
	yes, no := true, false
	for name, c := range map[string]struct {
		wanted *bool
		email  bool
		answer func(context.Context, drift.Resource) (*drift.Attribution, error)
		want   map[string]*drift.Attribution
		looks  int
	}{
		"role": {&yes, false, func(context.Context, drift.Resource) (*drift.Attribution, error) { return &byPerson, nil },
			both(&drift.Attribution{Event: "PutBucket", Time: at, Principal: "Admin"}), 2},
		"user": {nil, false, func(context.Context, drift.Resource) (*drift.Attribution, error) { return &byUser, nil },
			both(&drift.Attribution{Event: "PutBucket", Time: at, Principal: "***@example.com"}), 2},
		"addresses are to be shown": {nil, true, func(context.Context, drift.Resource) (*drift.Attribution, error) { return &byPerson, nil }, both(&byPerson), 2},
		"switched off":              {&no, false, nil, both(nil), 0},
		"nothing found":             {nil, false, func(context.Context, drift.Resource) (*drift.Attribution, error) { return nil, nil }, both(nil), 2},
		"refused": {nil, false, func(context.Context, drift.Resource) (*drift.Attribution, error) { return nil, errors.New("denied") },
			both(nil), 2},
		"refused in one account": {nil, true, func(_ context.Context, r drift.Resource) (*drift.Attribution, error) {
			if r.Account == "1" {
				return nil, errors.New("denied")
			}
			return &byPerson, nil
		}, map[string]*drift.Attribution{"1/arn:bucket:0": nil, "2/arn:bucket:0": &byPerson}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(loadPolicy(t), "1", "2")
			s.config.Alerts.Attribution, s.config.Alerts.ShowEmail = c.wanted, c.email
			log := &auditLog{answer: c.answer}
			if diff := cmp.Diff(c.want, regress(t, s, log, 1)); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			if len(log.looks) != c.looks {
				t.Errorf("%d looks, want %d", len(log.looks), c.looks)
			}
			for _, l := range log.looks {
				if l.after != "2025-01-06 01:00:00" || l.before != "2025-01-07 01:00:00" {
					t.Errorf("looked between %s and %s", l.after, l.before)
				}
			}
		})
	}
}

// both returns the same for both accounts.
func both(a *drift.Attribution) map[string]*drift.Attribution {
	return map[string]*drift.Attribution{"1/arn:bucket:0": a, "2/arn:bucket:0": a}
}

// TestAttributionOfThoseWhoRefuse holds that an account that refuses is asked
// once.
func TestAttributionOfThoseWhoRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	log := &auditLog{answer: func(context.Context, drift.Resource) (*drift.Attribution, error) { return nil, errors.New("denied") }}
	regress(t, s, log, 3)
	if len(log.looks) != 2 {
		t.Errorf("%d looks at two accounts that refuse", len(log.looks))
	}
}

// TestAttributionIsBounded holds that no run asks more than so often, nor for
// longer than so long.
func TestAttributionIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	for _, id := range []string{"1", "2"} {
		for i := range 80 {
			s.cloud.put(id, fmt.Sprint("arn:bucket:", i), good)
		}
	}
	s.run(t)
	for _, id := range []string{"1", "2"} {
		for i := range 12 {
			s.cloud.put(id, fmt.Sprint("arn:bucket:", i), bucket{Public: true})
		}
	}
	log := &auditLog{}
	log.answer = func(ctx context.Context, _ drift.Resource) (*drift.Attribution, error) {
		if len(log.looks) < 5 {
			return &drift.Attribution{Event: "E"}, nil
		}
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > 10*time.Second || left < 5*time.Second {
			t.Errorf("%v are left", left)
		}
		return &drift.Attribution{Event: "E"}, nil
	}
	a := s.process(s.disk)
	with := s.cloud.as(s.policy)
	with.LastChange = log.lastChange
	a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: with}
	published, err := s.try(a)
	if err != nil || len(published.Alerts) != 4 || len(log.looks) != 20 {
		t.Errorf("%d alerts, %d looks, want 4 and 20: %v", len(published.Alerts), len(log.looks), err)
	}
}

// TestAttributionTakesNoTime holds that a run whose time is nearly up does not
// ask: ten seconds are for asking, and 45 for storing.
func TestAttributionTakesNoTime(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{50 * time.Second: 0, 55*time.Second - 1: 0, 55 * time.Second: 1} {
		s := newSite(loadPolicy(t), "1")
		s.run(t)
		s.cloud.put("1", "arn:bucket:main", bad)
		run := s.planned(t, "1")
		a := s.process(s.disk)
		with, asked := s.cloud.as(s.policy), 0
		with.LastChange = func(context.Context, drift.Resource, time.Time, time.Time) (*drift.Attribution, error) {
			asked++
			return nil, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		ends, _ := ctx.Deadline()
		a.Clouds, a.Now = map[posture.Provider]audit.Cloud{posture.AWS: with}, func() time.Time { return ends.Add(-left) }
		if _, err := a.Publish(ctx, run.ID); err != nil || asked != want {
			t.Errorf("asked %d times with %s left, want %d: %v", asked, left, want, err)
		}
	}
}
