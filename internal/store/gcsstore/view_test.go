package gcsstore_test

import (
	"errors"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"posture/internal/store"
	"posture/internal/store/gcsstore"
)

// TestAddress holds where whoever may read it opens what is kept, and that nobody
// else gets a link.
func TestAddress(t *testing.T) {
	client, err := storage.NewClient(t.Context(), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	kept := gcsstore.New(client, "results", "posture").(store.Viewable)
	for key, want := range map[string]string{
		"weekly/a b.html": "https://storage.cloud.google.com/results/posture/weekly/a%20b.html",
		"runs/r/":         "https://console.cloud.google.com/storage/browser/results/posture/runs/r",
	} {
		if got := kept.Address(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if _, _, err := kept.Share(t.Context(), "a", time.Hour); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
