package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/slack"
)

// TestNever: no message shows a time that never was as a date, whichever time
// of an alert it is.
func TestNever(t *testing.T) {
	for name, alert := range samples() {
		alert.Time = time.Time{}
		for i := range alert.Resources {
			r := &alert.Resources[i]
			r.Sentence = ""
			r.LastPass, r.FirstFail, r.LastFail = time.Time{}, time.Time{}, time.Time{}
			r.Actual = []posture.Value{{Path: "resource.a"}, {Path: "resource.b", Value: "0001-01-01T00:00:00Z"}, {Path: "resource.c", Value: time.Time{}}}
			r.Likely = &drift.Attribution{Event: "PutBucketAcl", Principal: "bob"}
		}
		if alert.Missed != nil {
			alert.Missed.Since = time.Time{}
		}
		payload, err := json.Marshal(slack.Render(message(alert)))
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{slack.Text(alert, false), string(payload)} {
			if strings.Contains(got, "0001") || strings.Contains(got, " Jan 1 ") || strings.Contains(got, "resource.a = null") {
				t.Errorf("%s shows a time that never was:\n%s", name, got)
			}
			if len(alert.Resources) > 0 && alert.Kind.Fires() && !strings.Contains(got, "resource.a = never; resource.b = never; resource.c = never") {
				t.Errorf("%s does not say never:\n%s", name, got)
			}
		}
	}
}
