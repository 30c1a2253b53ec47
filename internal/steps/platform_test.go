package steps_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"posture/internal/steps"
	"posture/internal/store"
)

// TestTimeOfACall: a call has the time that the environment says, else the
// platform's, and a time that is none is an error that is logged.
func TestTimeOfACall(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 8 * time.Minute, "25m": 25 * time.Minute, "soon": 0, "-1m": 0, "0s": 0} {
		t.Run(text, func(t *testing.T) {
			t.Setenv(steps.TimeVariable, text)
			var logs strings.Builder
			got := time.Duration(0)
			step := steps.Step{Do: func(ctx context.Context, _ *steps.Site, _ steps.Event) (steps.Answer, error) {
				deadline, _ := ctx.Deadline()
				got = time.Until(deadline).Round(time.Minute)
				return steps.Answer{}, nil
			}}
			_, err := platform(&logs, steps.Installation{Store: store.Memory()}, nil).Do(t.Context(), "run", step, steps.Event{})
			if got != want || (err != nil) != (want == 0) {
				t.Errorf("got %v, %v", got, err)
			}
			level := map[bool]string{true: `"ERROR"`, false: `"INFO"`}[want == 0]
			if !strings.Contains(logs.String(), `"level":`+level) {
				t.Errorf("logged %s", &logs)
			}
		})
	}
}

// TestPlatformLogs: what a call ends with is logged once, also where the
// installation could not be opened.
func TestPlatformLogs(t *testing.T) {
	errStore := errors.New("no store")
	for want, c := range map[string]struct{ open, step error }{
		`"level":"INFO","msg":"done","step":"run","answer":{"run":"r"`:    {nil, nil},
		`"level":"WARN","msg":"to be continued","step":"run"`:             {nil, steps.ErrLeft},
		`"level":"ERROR","msg":"failed","step":"run","answer":{"run":"r"`: {nil, errStore},
		`"level":"ERROR","msg":"failed","step":"run","answer":{"go":`:     {errStore, nil},
	} {
		var logs strings.Builder
		step := steps.Step{Do: func(context.Context, *steps.Site, steps.Event) (steps.Answer, error) {
			return steps.Answer{Run: "r"}, c.step
		}}
		_, err := platform(&logs, steps.Installation{Store: store.Memory()}, c.open).Do(t.Context(), "run", step, steps.Event{})
		if !errors.Is(err, cmp.Or(c.open, c.step)) {
			t.Errorf("got %v", err)
		}
		if text := logs.String(); !strings.Contains(text, want) || strings.Count(text, "\n") != 1 {
			t.Errorf("got  %swant %s", text, want)
		}
	}
}

func platform(logs *strings.Builder, i steps.Installation, err error) steps.Platform {
	return steps.Platform{
		Time: 8 * time.Minute, Logs: slog.New(slog.NewJSONHandler(logs, nil)),
		Open: func(context.Context) (steps.Installation, error) { return i, err },
	}
}
