// Package onfunctions is the adapter between the steps of a run and Azure
// Functions: the store and the secret that the environment names, triggers and
// answers as the Functions host sends and takes them
// (learn.microsoft.com/azure/azure-functions/functions-custom-handlers), logs as
// JSON lines. Begin with Handler.
package onfunctions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"posture/internal/steps"
)

// storeVariable names the store: azblob://account/container/prefix.
const storeVariable = "POSTURE_STORE"

const (
	maxTrigger  = 1 << 20
	defaultTime = 8 * time.Minute // the host ends an invocation after ten minutes, where nothing else is set
)

// The bindings of the functions, by the names in their function.json.
const (
	jobBinding   = "job"   // the queue's message that asks for a run: an Event
	againBinding = "again" // the queue to which such messages go
)

// answer is what the host takes.
type answer struct {
	Outputs map[string]any `json:"Outputs"`
	Logs    []string       `json:"Logs"`
}

// Handler returns what answers the triggers, at /NAME of each function. /tick is
// asked by the schedule and asks for a run by a message, so that a try again is
// of the same slot; /run does it, and where its time was up asks for the rest by
// another message. The other steps are done at once. Any status but 200 makes
// the host send the trigger again.
func Handler(all map[string]steps.Step) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tick", func(w http.ResponseWriter, _ *http.Request) {
		send(w, time.Now().UTC().Truncate(time.Minute))
	})
	for name, step := range all {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			e, err := requested(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			_, err = platform().Do(r.Context(), name, step, e)
			switch {
			case err == nil:
				respond(w, answer{Outputs: map[string]any{}})
			case errors.Is(err, steps.ErrLeft):
				send(w, e.Slot)
			case errors.Is(err, steps.ErrEvent):
				http.Error(w, err.Error(), http.StatusBadRequest)
			default:
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return mux
}

// platform is what calls are done on, with its logs.
func platform() steps.Platform {
	return steps.Platform{Time: defaultTime, Open: installation, Logs: slog.New(slog.NewJSONHandler(os.Stdout, nil))}
}

// send asks for the run of a slot.
func send(w http.ResponseWriter, slot time.Time) {
	message, err := json.Marshal(map[string]any{"slot": slot})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	respond(w, answer{Outputs: map[string]any{againBinding: string(message)}})
}

func respond(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // the host may be gone
}

// requested returns the event of a trigger: that of the queue's message, or of
// the minute it is.
func requested(r *http.Request) (steps.Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxTrigger+1))
	if err != nil || len(body) > maxTrigger {
		return steps.Event{}, fmt.Errorf("read the trigger: expected at most %d bytes", maxTrigger)
	}
	var trigger struct {
		Data map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &trigger); err != nil || trigger.Data == nil {
		return steps.Event{}, errors.New("read the trigger: expected what the Functions host sends")
	}
	job, asked := trigger.Data[jobBinding]
	if !asked {
		return steps.Event{Slot: time.Now().UTC().Truncate(time.Minute)}, nil
	}
	return decode(job)
}

// decode reads a message of the queue. The host hands on its text, once more
// quoted where the text is an object.
func decode(message []byte) (steps.Event, error) {
	for range 2 {
		var text string
		if json.Unmarshal(message, &text) == nil {
			message = []byte(text)
		}
	}
	var e steps.Event
	if err := json.Unmarshal(message, &e); err != nil {
		return steps.Event{}, fmt.Errorf("read the message: %w", err)
	}
	return e, nil
}
