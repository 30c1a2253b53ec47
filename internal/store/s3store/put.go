package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"posture/internal/store"
)

// The bounds of trying again.
const (
	tries      = 6
	firstPause = 50 * time.Millisecond
	maxPause   = 3 * time.Second
	// A try may take as long as this, and a second more for each slowest MiB.
	tryTime = 20 * time.Second
	slowest = 1 << 20
)

func (b bucket) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", err
	}
	put := put{bucket: b, key: key, body: body, refusal: store.ErrExists}
	put.input = s3.PutObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key), IfNoneMatch: aws.String("*")}
	version, err := put.do(ctx)
	if err != nil {
		return "", fmt.Errorf("put %s in %s: %w", key, b, err)
	}
	return version, nil
}

func (b bucket) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", err
	}
	put := put{bucket: b, key: key, body: body, refusal: store.ErrConflict}
	put.input = s3.PutObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key), IfMatch: &version}
	next, err := put.do(ctx)
	if err != nil {
		return "", fmt.Errorf("replace %s in %s: %w", key, b, err)
	}
	return next, nil
}

// put is one conditional put with what was learnt of it.
type put struct {
	bucket  bucket
	key     string
	body    []byte
	input   s3.PutObjectInput
	refusal error // what it means when the condition does not hold
	doubt   bool  // a try may have been applied although it gave an error
}

// verdict is what an answer to a put means.
type verdict int

const (
	applied  verdict = iota
	unmet            // the condition does not hold
	busy             // another put of the key is under way; this one was not applied
	rejected         // not applied, and trying again will not help
	lost             // nobody knows
)

// do puts until the outcome is known or the tries are used up. When the
// condition no longer holds after a try whose outcome was lost, that try may
// be why: the object's bytes tell.
func (p *put) do(ctx context.Context) (string, error) {
	var err error
	for try := range tries {
		if err := pause(ctx, try); err != nil {
			return "", err
		}
		var version string
		version, err = p.try(ctx)
		switch judge(err) {
		case applied:
			return version, nil
		case unmet:
			return p.settle(ctx, p.refusal)
		case rejected:
			return p.settle(ctx, err)
		case lost:
			p.doubt = true
		}
	}
	return p.settle(ctx, err)
}

// try puts once, within the time that its size allows.
func (p *put) try(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime+time.Duration(len(p.body)/slowest)*time.Second)
	defer cancel()
	input := p.input
	input.Body = bytes.NewReader(p.body)
	out, err := p.bucket.client.PutObject(ctx, &input, pathStyle, once)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// judge tells what an answer means.
func judge(err error) verdict {
	switch status := status(err); {
	case err == nil:
		return applied
	case status == 0 && !sent(err):
		return rejected
	case status == http.StatusPreconditionFailed || noObject(err):
		return unmet
	case status == http.StatusConflict:
		return busy
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return rejected
	}
	return lost
}

// sent reports whether a request that got no answer may have reached S3.
// Those that lack credentials never leave.
func sent(err error) bool {
	var failed *smithyhttp.RequestSendError
	var cancelled *aws.RequestCanceledError
	return errors.As(err, &failed) || errors.As(err, &cancelled) || errors.Is(err, context.DeadlineExceeded)
}

// settle returns otherwise unless an earlier try was applied after all: then
// the object is there with the very bytes.
func (p *put) settle(ctx context.Context, otherwise error) (string, error) {
	if !p.doubt {
		return "", otherwise
	}
	there, version, err := store.Read(ctx, p.bucket, p.key, int64(len(p.body)))
	switch {
	case err == nil && bytes.Equal(there, p.body):
		return version, nil
	case err == nil || errors.Is(err, store.ErrTooLarge) || errors.Is(err, store.ErrNotFound):
		return "", otherwise
	}
	return "", fmt.Errorf("find out whether it was applied: %w", err)
}

// pause waits before every try but the first, longer each time and not as
// long as others.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return ctx.Err()
	}
	longest := min(firstPause<<try, maxPause)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
