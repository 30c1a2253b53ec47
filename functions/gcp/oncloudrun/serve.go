package oncloudrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"posture/internal/steps"
)

const (
	maxEvent   = 1 << 20
	slotHeader = "X-CloudScheduler-ScheduleTime"
)

// HTTP returns the step as an HTTP function: it takes a POST with an Event and
// answers with an Answer. The slot is the time of Cloud Scheduler's job, which
// every retry repeats; then the event's; then the minute it is. Status 503
// says that the same request is to be sent again, because targets are left.
func HTTP(name string, step steps.Step) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			respond(w, http.StatusMethodNotAllowed, problem("expected a POST"))
			return
		}
		e, err := requested(r)
		if err != nil {
			respond(w, http.StatusBadRequest, problem(err.Error()))
			return
		}
		said, err := platform(os.Stdout).Do(r.Context(), name, step, e)
		switch {
		case err == nil:
			respond(w, http.StatusOK, said)
		case errors.Is(err, steps.ErrEvent):
			respond(w, http.StatusBadRequest, problem(err.Error()))
		case errors.Is(err, steps.ErrLeft):
			respond(w, http.StatusServiceUnavailable, said)
		default:
			respond(w, http.StatusInternalServerError, problem(err.Error()))
		}
	}
}

// requested returns the event of a request.
func requested(r *http.Request) (steps.Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	if err != nil || len(body) > maxEvent {
		return steps.Event{}, fmt.Errorf("read the event: expected at most %d bytes", maxEvent)
	}
	e, err := decode(body)
	if err != nil {
		return steps.Event{}, err
	}
	if text := r.Header.Get(slotHeader); text != "" {
		if e.Slot, err = time.Parse(time.RFC3339, text); err != nil {
			return steps.Event{}, fmt.Errorf("%s: expected a time such as 2026-01-31T05:00:00Z", slotHeader)
		}
	}
	return atOrNow(e, time.Now()), nil
}

// atOrNow gives an event without a slot the minute it is.
func atOrNow(e steps.Event, now time.Time) steps.Event {
	if e.Slot.IsZero() {
		e.Slot = now.UTC().Truncate(time.Minute)
	}
	return e
}

// decode reads an event strictly; an empty one is one without fields.
func decode(body []byte) (steps.Event, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return steps.Event{}, nil
	}
	var e steps.Event
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return steps.Event{}, fmt.Errorf("read the event: %w", err)
	}
	return e, nil
}

// CloudEvent returns the step as a CloudEvent function. Its data is an Event,
// or a Pub/Sub message with one; the slot is the event's own time where the
// data has none. An error makes the sender deliver the event again.
func CloudEvent(name string, step steps.Step) func(context.Context, cloudevents.Event) error {
	return func(ctx context.Context, event cloudevents.Event) error {
		e, err := decode(payload(event))
		if err != nil {
			return err
		}
		if e.Slot.IsZero() {
			e.Slot = event.Time()
		}
		_, err = platform(os.Stdout).Do(ctx, name, step, atOrNow(e, time.Now()))
		return err
	}
}

// payload returns an event's data, or that of the Pub/Sub message in it.
func payload(event cloudevents.Event) []byte {
	if event.Type() != "google.cloud.pubsub.topic.v1.messagePublished" {
		return event.Data()
	}
	var published struct {
		Message struct {
			Data []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(event.Data(), &published); err != nil {
		return event.Data() // which is then refused
	}
	return published.Message.Data
}

func problem(text string) map[string]string { return map[string]string{"error": text} }

// respond writes an answer.
func respond(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}
