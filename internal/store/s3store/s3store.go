// Package s3store keeps objects in an S3 bucket. Who uses it needs
// s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket; without the
// last, S3 answers 403 for an object that is not there. Encryption and
// ownership are the bucket's: objects are put without ACLs and with its
// default encryption. Begin with New.
package s3store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"posture/internal/store"
)

// bucket is a store below a prefix of a bucket.
type bucket struct {
	client *s3.Client
	name   string
	prefix string // empty or with a slash at its end
}

// New returns the store below a prefix of a bucket, which may be empty. A
// client whose endpoint is overridden is used with the bucket in the path.
func New(client *s3.Client, name, prefix string) store.Store {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return bucket{client: client, name: name, prefix: prefix}
}

func (b bucket) String() string {
	return store.URL{Scheme: store.SchemeS3, Bucket: b.name, Prefix: strings.Trim(b.prefix, "/")}.String()
}

// pathStyle is for emulators and S3 look-alikes, which have no host name for
// each bucket.
func pathStyle(o *s3.Options) { o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil }

// once leaves it to this package to try again: it has to know whether an
// earlier try may have been applied.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

func (b bucket) Get(ctx context.Context, key string) (store.Object, error) {
	if err := store.Ready(ctx, key); err != nil {
		return store.Object{}, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key)}, pathStyle)
	if noObject(err) {
		return store.Object{}, fmt.Errorf("get %s: %w", key, store.ErrNotFound)
	}
	if err != nil {
		return store.Object{}, fmt.Errorf("get %s from %s: %w", key, b, explained(err))
	}
	return store.Object{Body: out.Body, Version: aws.ToString(out.ETag), Size: aws.ToInt64(out.ContentLength)}, nil
}

func (b bucket) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + prefix)})
		for more := true; more; more = pages.HasMorePages() {
			page, err := pages.NextPage(ctx, pathStyle)
			if err != nil {
				yield(store.Entry{}, fmt.Errorf("list %q in %s: %w", prefix, b, explained(err)))
				return
			}
			for _, object := range page.Contents {
				entry := store.Entry{
					Key: strings.TrimPrefix(aws.ToString(object.Key), b.prefix), Size: aws.ToInt64(object.Size),
					Modified: aws.ToTime(object.LastModified).UTC(),
				}
				if store.CheckKey(entry.Key) == nil && !yield(entry, nil) {
					return
				}
			}
		}
	}
}

func (b bucket) Delete(ctx context.Context, key string) error {
	if err := store.Ready(ctx, key); err != nil {
		return err
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key)}, pathStyle)
	if err != nil && !noObject(err) {
		return fmt.Errorf("delete %s in %s: %w", key, b, explained(err))
	}
	return nil
}

// noObject reports whether S3 said that there is no such object, which is
// not the same as no such bucket.
func noObject(err error) bool {
	return status(err) == http.StatusNotFound && code(err) != "NoSuchBucket"
}

// explained returns an error in our words where it means that there is no
// bucket.
func explained(err error) error {
	if code(err) == "NoSuchBucket" {
		return store.ErrNoBucket
	}
	return err
}

// status returns the HTTP status of an answer that is an error, or 0 when
// there was no answer.
func status(err error) int {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return 0
	}
	return answer.HTTPStatusCode()
}

// code returns the API's error code, if it sent one.
func code(err error) string {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return ""
	}
	return answer.ErrorCode()
}
