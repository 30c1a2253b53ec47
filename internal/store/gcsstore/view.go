package gcsstore

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"
)

// Address returns where an object opens for whoever is signed in and may read
// it, or where the console shows what is below a prefix.
func (b bucket) Address(key string) string {
	path := url.PathEscape(b.name) + "/" + strings.ReplaceAll(url.PathEscape(b.prefix+key), "%2F", "/")
	if strings.HasSuffix(key, "/") {
		return "https://console.cloud.google.com/storage/browser/" + strings.TrimSuffix(path, "/")
	}
	return "https://storage.cloud.google.com/" + path
}

// Share is not possible: it would need a permission to sign as the service account,
// which is one to act as it everywhere, and Address opens the object as it is.
func (b bucket) Share(context.Context, string, time.Duration) (string, time.Time, error) {
	return "", time.Time{}, errors.ErrUnsupported
}
