package steps_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/posture"
	"posture/internal/slack"
	"posture/internal/steps"
	"posture/internal/store"
)

// TestIncompleteEvents: an event that lacks what its step needs is the
// caller's mistake, and nothing is stored because of it.
func TestIncompleteEvents(t *testing.T) {
	slot := time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		step string
		e    steps.Event
	}{
		"plan without a slot":   {"plan", steps.Event{Opener: "x"}},
		"plan with nothing":     {"plan", steps.Event{}},
		"run without a slot":    {"run", steps.Event{}},
		"scan without a run":    {"scan", steps.Event{Slot: slot, Target: &posture.Target{Provider: "aws", Account: "1"}}},
		"publish without a run": {"publish", steps.Event{Slot: slot}},
		"weekly without a time": {"weekly", steps.Event{}},
	} {
		t.Run(name, func(t *testing.T) {
			kept := store.Memory()
			_, err := steps.Installation{Store: kept, Scope: "aws"}.Do(t.Context(), steps.All()[c.step], c.e)
			if !errors.Is(err, steps.ErrEvent) {
				t.Errorf("got %v", err)
			}
			for entry, err := range kept.List(t.Context(), "") {
				t.Errorf("there is %s, %v", entry.Key, err)
			}
		})
	}
}

// TestInstallation: what a platform gives is used, what it does not give is
// not asked for, and the store is closed at the end in any case.
func TestInstallation(t *testing.T) {
	t.Setenv(steps.SecretVariable, "the-secret")
	asked, closed := "", 0
	i := steps.Installation{
		Store: store.Memory(), Scope: "gcp", Close: func() { closed++ },
		Secret: func(name string) slack.Secret {
			asked = name
			return slack.Fixed("https://hooks.slack.example/never-called")
		},
	}
	look := func(_ context.Context, s *steps.Site, _ steps.Event) (steps.Answer, error) {
		if s.Scope != "gcp" || s.Sender == nil || len(s.Expected) != 1 || s.Expected[0] != "gcp" {
			t.Errorf("the site is %+v", s)
		}
		return steps.Answer{}, nil
	}
	if _, err := i.Do(t.Context(), steps.Step{Do: look}, steps.Event{}); err != nil || asked != "the-secret" || closed != 1 {
		t.Errorf("asked for %q, closed %d times, %v", asked, closed, err)
	}
	i.Secret = nil
	quiet := func(_ context.Context, s *steps.Site, _ steps.Event) (steps.Answer, error) {
		if s.Sender != nil {
			t.Error("it can tell people without a secret")
		}
		return steps.Answer{}, nil
	}
	if _, err := i.Do(t.Context(), steps.Step{Do: quiet}, steps.Event{}); err != nil {
		t.Error(err)
	}
	i.Clouds = []cloud.Cloud{{Open: cannotOpen}}
	if _, err := i.Do(t.Context(), steps.Step{Do: look}, steps.Event{}); !errors.Is(err, errOpen) || closed != 3 {
		t.Errorf("closed %d times, %v", closed, err)
	}
}

var errOpen = errors.New("no credentials")

func cannotOpen(context.Context, cloud.Options) (audit.Cloud, error) { return audit.Cloud{}, errOpen }
