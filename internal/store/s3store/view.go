package s3store

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"posture/internal/store"
)

// longestShare is how long S3 lets a signature hold.
const longestShare = 7 * 24 * time.Hour

// Address returns where the AWS console shows an object, or what is below a
// prefix. An endpoint of one's own has no console.
func (b bucket) Address(key string) string {
	o := b.client.Options()
	if o.BaseEndpoint != nil {
		return ""
	}
	kind := "object"
	if strings.HasSuffix(key, "/") {
		kind = "buckets"
	}
	query := url.Values{"region": {o.Region}, "prefix": {b.prefix + key}}
	return "https://" + console(o.Region) + "/s3/" + kind + "/" + url.PathEscape(b.name) + "?" + query.Encode()
}

// console returns the host of the console of a region's partition.
func console(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "console.amazonaws.cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "console.amazonaws-us-gov.com"
	}
	return "console.aws.amazon.com"
}

// Share signs a request for an object with the client's credentials, for seven
// days at most. It makes no call. The signature ends with the credentials, which
// those of a role do sooner: until is the earlier time where they say when that is.
func (b bucket) Share(ctx context.Context, key string, lasting time.Duration) (string, time.Time, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", time.Time{}, err
	}
	credentials, err := b.client.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign %s in %s: %w", key, b, err)
	}
	lasting = min(lasting, longestShare)
	until := time.Now().Add(lasting)
	signed, err := s3.NewPresignClient(s3.NewFromConfig(aws.Config{}, func(o *s3.Options) { *o = b.client.Options(); pathStyle(o) })).
		PresignGetObject(ctx, &s3.GetObjectInput{
			Bucket: &b.name, Key: aws.String(b.prefix + key), ResponseContentType: shownAs(key),
		}, s3.WithPresignExpires(lasting))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign %s in %s: %w", key, b, err)
	}
	if credentials.CanExpire && credentials.Expires.Before(until) {
		until = credentials.Expires
	}
	return signed.URL, until.UTC(), nil
}

// shownAs returns the type by which a browser shows an object instead of saving it;
// nil: it is not known.
func shownAs(key string) *string {
	if known := mime.TypeByExtension(path.Ext(key)); known != "" {
		return &known
	}
	return nil
}
