package oncloudrun

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"google.golang.org/api/secretmanager/v1"

	"posture/internal/setup"
	"posture/internal/steps"
)

// TestSecretText: an error does not quote what was in the secret.
func TestSecretText(t *testing.T) {
	version := func(data string) *secretmanager.AccessSecretVersionResponse {
		return &secretmanager.AccessSecretVersionResponse{Payload: &secretmanager.SecretPayload{Data: data}}
	}
	if got, err := secretText(version(base64.StdEncoding.EncodeToString([]byte("xoxb-1")))); got != "xoxb-1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []*secretmanager.AccessSecretVersionResponse{{}, version(""), version("xoxb-not-base64!")} {
		if _, err := secretText(bad); !errors.Is(err, errNoSecret) || strings.Contains(err.Error(), "xoxb") {
			t.Errorf("got %v", err)
		}
	}
}

func TestPayload(t *testing.T) {
	event := cloudevents.NewEvent()
	event.SetType("google.cloud.pubsub.topic.v1.messagePublished")
	for data, want := range map[string]string{
		`{"message":{"data":"eyJydW4iOiJ4In0="}}`: `{"run":"x"}`,
		`{"message":{}}`:    ``,
		`{"message":"odd"}`: `{"message":"odd"}`,
	} {
		if err := event.SetData(cloudevents.ApplicationJSON, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got := string(payload(event)); got != want {
			t.Errorf("%s: got %s", data, got)
		}
	}
}

// TestLog: a line has what Cloud Logging and the metrics of infra/gcp go by.
func TestLog(t *testing.T) {
	for want, line := range map[string]struct {
		said steps.Answer
		err  error
	}{
		`"severity":"INFO","message":"done","step":"run","answer":{"run":"r","go":true,"done":false},"metrics":{"RunsCompleted":1}}`: {said: steps.Answer{Run: "r", Go: true, Metrics: []setup.Metrics{{Values: map[string]float64{"RunsCompleted": 1}}}}},
		`"severity":"WARNING","message":"to be continued"`:                                                                           {err: steps.ErrLeft},
		`"severity":"ERROR","message":"failed","step":"run","answer":{"go":false,"done":false},"error":"no store"}`:                  {err: errors.New("no store")},
		`"severity":"ERROR","message":"no run completed in time"`:                                                                    {said: steps.Answer{Missed: true}},
	} {
		var text strings.Builder
		steps.Log(logs(&text), "run", line.said, line.err)
		if !strings.Contains(text.String(), want) || !strings.HasPrefix(text.String(), `{"time":"`) {
			t.Errorf("got  %swant %s", text.String(), want)
		}
	}
}
