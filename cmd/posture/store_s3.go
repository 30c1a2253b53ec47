package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"posture/internal/cloud"
	"posture/internal/cloud/awscloud"
	"posture/internal/store"
	"posture/internal/store/s3store"
)

// openS3 opens a store in a bucket, in whichever region it is, with the
// credentials of the environment.
func openS3(ctx context.Context, url store.URL) (store.Store, error) {
	cfg, err := awscloud.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	region, err := bucketRegion(ctx, s3Client(cfg), url)
	if err != nil {
		return nil, err
	}
	cfg.Region = cmp.Or(region, cfg.Region)
	return s3store.New(s3Client(cfg), url.Bucket, url.Prefix), nil
}

func s3Client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
}

// bucketRegion asks where a bucket is, and so whether there is one. Those who
// may not ask are told by S3 all the same, or not at all: then it is for the
// store's own calls to find out.
func bucketRegion(ctx context.Context, client *s3.Client, url store.URL) (string, error) {
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &url.Bucket})
	if err == nil {
		return aws.ToString(out.BucketRegion), nil
	}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() == 0 {
		return "", lost(fmt.Errorf("store %s: %w", url, err))
	}
	if answer.HTTPStatusCode() == http.StatusNotFound {
		return "", noBucket(url)
	}
	return answer.Response.Header.Get("X-Amz-Bucket-Region"), nil
}

// lost makes an error one that time may fix when the network is at fault.
func lost(err error) error {
	if offline(err) {
		return incomplete(err)
	}
	return err
}

// offline reports whether an error may pass by itself, as when the network is at
// fault.
func offline(err error) bool {
	return cloud.Passing(err)
}
