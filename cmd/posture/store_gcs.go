package main

import (
	"context"
	"fmt"

	"posture/internal/store"
	"posture/internal/store/gcsstore"
)

// openGCS opens a store in a bucket of Cloud Storage, with the application
// default credentials.
func openGCS(ctx context.Context, url store.URL) (store.Store, error) {
	client, err := gcsstore.NewClient(ctx)
	if err != nil {
		return nil, fmt.Errorf("store %s: no Google Cloud credentials work here: sign in with gcloud auth application-default login (%w)", url, err)
	}
	return inPlace(ctx, gcsstore.New(client, url.Bucket, url.Prefix))
}
