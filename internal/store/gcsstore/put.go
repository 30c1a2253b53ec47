package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"posture/internal/store"
	"posture/internal/store/conditional"
)

func (b bucket) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	put := b.put(key, body, storage.Conditions{DoesNotExist: true})
	put.Refusal = store.ErrExists
	version, err := put.Do(ctx)
	if forbidden(err) && b.holds(ctx, key) {
		err = store.ErrExists
	}
	if err != nil {
		return "", fmt.Errorf("put %s in %s: %w", key, b, explained(err))
	}
	return version, nil
}

// forbidden reports whether Cloud Storage refused a call.
func forbidden(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusForbidden
}

// holds reports whether an object is certainly there. Putting one where another is
// takes storage.objects.delete. Who may only create is therefore refused, perhaps
// before Cloud Storage looks at the condition.
func (b bucket) holds(ctx context.Context, key string) bool {
	_, err := b.object(key).Attrs(ctx)
	return err == nil
}

func (b bucket) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	generation, err := strconv.ParseInt(version, 10, 64)
	if err != nil || generation <= 0 { // no object ever had it; 0 would mean that there is none
		return "", fmt.Errorf("replace %s in %s: %w", key, b, store.ErrConflict)
	}
	put := b.put(key, body, storage.Conditions{GenerationMatch: generation})
	put.Refusal = store.ErrConflict
	next, err := put.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("replace %s in %s: %w", key, b, explained(err))
	}
	return next, nil
}

// put is a put of a body under a condition.
func (b bucket) put(key string, body []byte, condition storage.Conditions) conditional.Put {
	object := b.object(key).If(condition).Retryer(storage.WithPolicy(storage.RetryNever))
	try := func(ctx context.Context) (string, error) { return write(ctx, object, body) }
	return conditional.Put{Store: b, Key: key, Body: body, Try: try, Judge: judge}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// write uploads in one request, whose checksum Cloud Storage compares before
// the object is there.
func write(ctx context.Context, object *storage.ObjectHandle, body []byte) (string, error) {
	writer := object.NewWriter(ctx)
	writer.ChunkSize = 0
	writer.ContentType = "application/octet-stream"
	writer.CRC32C, writer.SendCRC32C = crc32.Checksum(body, castagnoli), true
	_, failed := writer.Write(body)
	if err := writer.Close(); err != nil {
		return "", err
	}
	if failed != nil {
		return "", failed
	}
	return version(writer.Attrs().Generation), nil
}

// judge tells what an error of a put means. That something is not found is
// said of the bucket: without its object a condition is not met.
func judge(err error) conditional.Verdict {
	var answer *googleapi.Error
	var token *auth.Error
	switch {
	case errors.As(err, &answer):
		return judgeStatus(answer.Code)
	case errors.As(err, &token): // nothing leaves without credentials
		return conditional.Rejected
	}
	return conditional.Lost
}

func judgeStatus(status int) conditional.Verdict {
	switch {
	case status == http.StatusPreconditionFailed:
		return conditional.Unmet
	case status == http.StatusConflict:
		return conditional.Busy
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return conditional.Rejected
	}
	return conditional.Lost
}
