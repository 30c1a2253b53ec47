package azblobstore

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"posture/internal/store"
)

// briefError is an error that says less than the one it wraps.
type briefError struct {
	error
	text string
}

func (b briefError) Error() string { return b.text }
func (b briefError) Unwrap() error { return b.error }

// short leaves out of an error the dump of an answer, and a request's URL:
// its query may hold a signature that grants access. That a container is not
// there is said in our words.
func short(err error) error {
	var answer *azcore.ResponseError
	var request *url.Error
	switch {
	case bloberror.HasCode(err, bloberror.ContainerNotFound):
		return briefError{errors.Join(store.ErrNoBucket, err), store.ErrNoBucket.Error()}
	case errors.As(err, &answer) && answer.ErrorCode == "":
		return briefError{err, fmt.Sprintf("Azure answered HTTP %d", answer.StatusCode)}
	case errors.As(err, &answer):
		return briefError{err, fmt.Sprintf("Azure answered %s (HTTP %d)", answer.ErrorCode, answer.StatusCode)}
	case errors.As(err, &request):
		return briefError{err, request.Err.Error()}
	}
	return err
}
