package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"posture/internal/store"
	"posture/internal/store/conditional"
)

func (b bucket) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	put := b.put(key, body, s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	put.Refusal = store.ErrExists
	version, err := put.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("put %s in %s: %w", key, b, explained(err))
	}
	return version, nil
}

func (b bucket) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	put := b.put(key, body, s3.PutObjectInput{IfMatch: &version})
	put.Refusal = store.ErrConflict
	next, err := put.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("replace %s in %s: %w", key, b, explained(err))
	}
	return next, nil
}

// put is a put of a body under the condition of the input.
func (b bucket) put(key string, body []byte, input s3.PutObjectInput) conditional.Put {
	input.Bucket, input.Key = &b.name, aws.String(b.prefix+key)
	try := func(ctx context.Context) (string, error) {
		input := input
		input.Body = bytes.NewReader(body)
		out, err := b.client.PutObject(ctx, &input, pathStyle, once)
		if err != nil {
			return "", err
		}
		return aws.ToString(out.ETag), nil
	}
	return conditional.Put{Store: b, Key: key, Body: body, Try: try, Judge: judge}
}

// judge tells what an error of a put means.
func judge(err error) conditional.Verdict {
	switch status := status(err); {
	case status == 0 && !sent(err):
		return conditional.Rejected
	case status == http.StatusPreconditionFailed || noObject(err):
		return conditional.Unmet
	case status == http.StatusConflict:
		return conditional.Busy
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return conditional.Rejected
	}
	return conditional.Lost
}

// sent reports whether a request that got no answer may have reached S3.
// Those that lack credentials never leave.
func sent(err error) bool {
	var failed *smithyhttp.RequestSendError
	var cancelled *aws.RequestCanceledError
	return errors.As(err, &failed) || errors.As(err, &cancelled) || errors.Is(err, context.DeadlineExceeded)
}
