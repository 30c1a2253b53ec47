// Package azblobstore keeps objects in a container of Azure Blob Storage. Who
// uses it needs to read, write and delete the container's blobs, which is what
// the role Storage Blob Data Contributor grants. Encryption, immutability and
// access are the container's and the account's. An account with a hierarchical
// namespace is refused when it lists in another order than that of the keys.
// Begin with NewClient and New.
package azblobstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"posture/internal/store"
)

// errOrder says that a listing cannot be used.
var errOrder = errors.New("blobs are not listed in the order of their names: use a storage account without a hierarchical namespace")

// box is a store below a prefix of a container.
type box struct {
	client  *container.Client
	service *service.Client
	account string
	name    string
	prefix  string // empty or with a slash at its end
}

// NewClient returns a client that New takes, for the containers of a storage
// account. What the host ends in is the cloud's: ".blob.core.windows.net".
func NewClient(account, suffix string, credential azcore.TokenCredential) (*azblob.Client, error) {
	if err := store.CheckAccount(account); err != nil { // what is none does not get into the host that gets a token
		return nil, err
	}
	client, err := azblob.NewClient("https://"+account+suffix+"/", credential, nil)
	if err != nil {
		return nil, fmt.Errorf("make a Blob Storage client: %w", err)
	}
	return client, nil
}

// New returns the store below a prefix of a container, which may be empty. A
// version is a blob's ETag.
func New(client *azblob.Client, name, prefix string) store.Store {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return box{client: client.ServiceClient().NewContainerClient(name), service: client.ServiceClient(), account: account(client), name: name, prefix: prefix}
}

// account returns the name of the account that a client is for.
func account(client *azblob.Client) string {
	parts, err := azblob.ParseURL(client.URL())
	if err != nil { // the client would not exist
		return ""
	}
	if parts.IPEndpointStyleInfo.AccountName != "" {
		return parts.IPEndpointStyleInfo.AccountName
	}
	name, _, _ := strings.Cut(parts.Host, ".")
	return name
}

func (b box) String() string {
	return store.URL{Scheme: store.SchemeAzure, Account: b.account, Bucket: b.name, Prefix: strings.Trim(b.prefix, "/")}.String()
}

func (b box) blob(key string) *blockblob.Client { return b.client.NewBlockBlobClient(b.prefix + key) }

func (b box) Get(ctx context.Context, key string) (store.Object, error) {
	if err := store.Ready(ctx, key); err != nil {
		return store.Object{}, err
	}
	out, err := b.blob(key).DownloadStream(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		return store.Object{}, fmt.Errorf("get %s: %w", key, store.ErrNotFound)
	}
	if err != nil {
		return store.Object{}, fmt.Errorf("get %s from %s: %w", key, b, short(err))
	}
	object := store.Object{Body: out.NewRetryReader(ctx, nil)}
	if out.ETag != nil {
		object.Version = string(*out.ETag)
	}
	if out.ContentLength != nil {
		object.Size = *out.ContentLength
	}
	return object, nil
}

func (b box) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if err := b.list(ctx, prefix, yield); err != nil {
			yield(store.Entry{}, fmt.Errorf("list %q in %s: %w", prefix, b, short(err)))
		}
	}
}

// list yields entries until there are no more or nobody wants more.
func (b box) list(ctx context.Context, prefix string, yield func(store.Entry, error) bool) error {
	last := ""
	for pages := b.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: to.Ptr(b.prefix + prefix)}); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if page.Segment == nil {
			return errors.New("the answer holds no listing")
		}
		for _, item := range page.Segment.BlobItems {
			entry, ok := b.entry(item)
			if !ok {
				continue
			}
			if entry.Key <= last {
				return errOrder
			}
			last = entry.Key
			if !yield(entry, nil) {
				return nil
			}
		}
	}
	return nil
}

// entry returns what a listing says of a blob, unless its name is no key.
func (b box) entry(item *container.BlobItem) (store.Entry, bool) {
	if item == nil || item.Name == nil || item.Properties == nil {
		return store.Entry{}, false
	}
	entry := store.Entry{Key: strings.TrimPrefix(*item.Name, b.prefix)}
	if size := item.Properties.ContentLength; size != nil {
		entry.Size = *size
	}
	if modified := item.Properties.LastModified; modified != nil {
		entry.Modified = modified.UTC()
	}
	return entry, store.CheckKey(entry.Key) == nil
}

func (b box) Delete(ctx context.Context, key string) error {
	if err := store.Ready(ctx, key); err != nil {
		return err
	}
	_, err := b.blob(key).Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeInclude)})
	if err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound) {
		return fmt.Errorf("delete %s in %s: %w", key, b, short(err))
	}
	return nil
}
