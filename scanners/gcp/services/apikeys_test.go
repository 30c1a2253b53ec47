package services

import (
	"testing"

	"google.golang.org/api/apikeys/v2"
)

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	maps := []string{"maps-backend.googleapis.com", "places.googleapis.com"}
	serviceTest{
		data: "apikeys", types: []string{apiKeys.Name},
		schemas: map[string]any{apiKeys.Name + " v2": apikeys.V2Key{}},
		want: map[string]any{
			"maps on the web": &APIKey{Created: day(2026, 10, 1), APIs: maps, Callers: "browser"},
			"maps in the app": &APIKey{Created: day(2026, 11, 1), APIs: maps, Callers: "android"},
			"ios":             &APIKey{Created: day(2026, 11, 1), APIs: maps, Callers: "ios"},
			"API key 1":       &APIKey{Created: day(2024, 1, 1)},
			"wide": &APIKey{
				Created: day(2024, 1, 1), APIs: []string{"cloudapis.googleapis.com"}, Callers: "browser", OpenCallers: []string{"*.com/*"},
			},
			"servers": &APIKey{Created: day(2026, 11, 1), Callers: "server", OpenCallers: []string{"0.0.0.0/0"}},
			"gone":    &APIKey{Deleted: true, Created: day(2024, 1, 1)},
		},
	}.run(t)
}

func TestOpenCallers(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"*": true, "*/*": true, "http://*": true, "https://*:8080/*": true, "*.com": true, "*.com/*": true, "*://*.org/*": true,
		"example.com": false, "*.example.com/*": false, "https://example.com/*": false, "localhost:8080": false,
	} {
		if got := anySite(pattern); got != want {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
}
