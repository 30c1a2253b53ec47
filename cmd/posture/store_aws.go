package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"posture/internal/store"
	"posture/internal/store/s3store"
)

// openS3 opens a store in a bucket, with the credentials of the environment.
func openS3(ctx context.Context, url store.URL) (store.Store, error) {
	cfg, err := loadAWS(ctx, "")
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	return s3store.New(client, url.Bucket, url.Prefix), nil
}
