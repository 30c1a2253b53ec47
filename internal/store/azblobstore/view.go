package azblobstore

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"path"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"posture/internal/store"
)

const (
	// longestShare is how long Azure lets a key for signing hold, less what the
	// clock here may be ahead of Azure's.
	longestShare = 7*24*time.Hour - clockSkew
	clockSkew    = 15 * time.Minute
)

// Address returns "": the portal finds a blob by its subscription, which a store is
// not told, and the blob's own address opens for no browser.
func (b box) Address(string) string { return "" }

// Share signs an address for reading a blob, for seven days at most, with a key that
// Azure makes for whoever the client signs in as. That takes a call and the permission
// Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action on the
// account. The address ends to work when who signed it may no longer read the blob.
func (b box) Share(ctx context.Context, key string, lasting time.Duration) (string, time.Time, error) {
	if err := store.Ready(ctx, key); err != nil {
		return "", time.Time{}, err
	}
	now := time.Now().UTC().Truncate(time.Second) // a signature has seconds, and no zone
	start, until := now.Add(-clockSkew), now.Add(min(lasting, longestShare))
	info := service.KeyInfo{Start: to.Ptr(start.Format(sas.TimeFormat)), Expiry: to.Ptr(until.Format(sas.TimeFormat))}
	credential, err := b.service.GetUserDelegationCredential(ctx, info, nil)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign %s in %s: %w", key, b, short(err))
	}
	query, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPS, StartTime: start, ExpiryTime: until, Permissions: to.Ptr(sas.BlobPermissions{Read: true}).String(),
		ContainerName: b.name, BlobName: b.prefix + key, ContentType: mime.TypeByExtension(path.Ext(key)), // a page is shown, not saved
	}.SignWithUserDelegation(credential)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign %s in %s: %w", key, b, errors.New("the key is not understood"))
	}
	return b.blob(key).URL() + "?" + query.Encode(), until, nil
}
