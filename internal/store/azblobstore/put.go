package azblobstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc64"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"posture/internal/store"
	"posture/internal/store/conditional"
)

func (b box) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	put := b.put(key, body, blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)})
	put.Refusal = store.ErrExists
	version, err := put.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("put %s in %s: %w", key, b, err)
	}
	return version, nil
}

func (b box) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", err
	}
	if !isETag(version) { // no blob ever had it
		return "", fmt.Errorf("replace %s in %s: %w", key, b, store.ErrConflict)
	}
	put := b.put(key, body, blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(version))})
	put.Refusal = store.ErrConflict
	next, err := put.Do(ctx)
	if err != nil {
		return "", fmt.Errorf("replace %s in %s: %w", key, b, err)
	}
	return next, nil
}

// isETag reports whether a version is one ETag and not a list or a pattern.
func isETag(version string) bool {
	inner, ok := strings.CutPrefix(version, `"`)
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, `"`)
	return ok && inner != "" && !strings.ContainsFunc(inner, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' })
}

// put is a put of a body under a condition.
func (b box) put(key string, body []byte, condition blob.ModifiedAccessConditions) conditional.Put {
	target := b.blob(key)
	try := func(ctx context.Context) (string, error) { return upload(ctx, target, body, condition) }
	return conditional.Put{Store: b, Key: key, Body: body, Try: try, Judge: judge}
}

// storageCRC is the polynomial that Azure Storage checks bodies by.
var storageCRC = crc64.MakeTable(0x9A6C9329AC4BC9B5)

// upload puts in one request and does not try again.
func upload(ctx context.Context, target *blockblob.Client, body []byte, condition blob.ModifiedAccessConditions) (string, error) {
	once := policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	out, err := target.Upload(once, streaming.NopCloser(bytes.NewReader(body)), &blockblob.UploadOptions{
		TransactionalValidation: blob.TransferValidationTypeCRC64(crc64.Checksum(body, storageCRC)),
		AccessConditions:        &blob.AccessConditions{ModifiedAccessConditions: &condition},
	})
	if err != nil {
		return "", short(err)
	}
	if out.ETag == nil {
		return "", errors.New("the answer names no version")
	}
	return string(*out.ETag), nil
}

// judge tells what an error of a put means.
func judge(err error) conditional.Verdict {
	var answer *azcore.ResponseError
	var unsent interface { // what asks for a token says so when it got none
		error
		NonRetriable()
	}
	switch {
	case errors.As(err, &answer):
		return judgeAnswer(answer)
	case errors.As(err, &unsent):
		return conditional.Rejected
	}
	return conditional.Lost
}

// judgeAnswer goes by the code where there is one: a blob under a lease or an
// immutability policy is answered by the same statuses.
func judgeAnswer(answer *azcore.ResponseError) conditional.Verdict {
	status := answer.StatusCode
	switch {
	case bloberror.HasCode(answer, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet, bloberror.BlobNotFound):
		return conditional.Unmet
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return conditional.Rejected
	}
	return conditional.Lost
}
