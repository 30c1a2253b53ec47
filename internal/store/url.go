package store

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Scheme is a kind of store, as its URL names it.
type Scheme string

// The schemes.
const (
	SchemeDir   Scheme = "file"
	SchemeS3    Scheme = "s3"
	SchemeGCS   Scheme = "gs"
	SchemeAzure Scheme = "azblob"
)

// URL says where a store is. Which fields are set depends on Scheme.
type URL struct {
	Scheme  Scheme
	Dir     string // SchemeDir: the directory
	Account string // SchemeAzure: the storage account
	Bucket  string // the others: the bucket or container
	Prefix  string // the others: what every key begins with, without slashes at its ends; may be empty
}

// String returns the URL in the form that ParseURL reads.
func (u URL) String() string {
	switch u.Scheme {
	case SchemeDir:
		return u.Dir
	case SchemeAzure:
		return strings.TrimSuffix("azblob://"+u.Account+"/"+u.Bucket+"/"+u.Prefix, "/")
	default:
		return strings.TrimSuffix(string(u.Scheme)+"://"+u.Bucket+"/"+u.Prefix, "/")
	}
}

// forms is what ParseURL's errors offer.
const forms = "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, azblob://ACCOUNT/CONTAINER/PREFIX or a directory"

// ParseURL reads where a store is: s3://bucket/prefix, gs://bucket/prefix,
// azblob://account/container/prefix, file:///path, or a path. It touches
// nothing. Errors do not repeat what may hold a password.
func ParseURL(raw string) (URL, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	switch {
	case strings.TrimSpace(raw) == "":
		return URL{}, fmt.Errorf("store: empty; write %s", forms)
	case !ok:
		return parsePath(raw)
	case Scheme(scheme) == SchemeDir:
		return parseFile(rest)
	}
	switch Scheme(scheme) {
	case SchemeS3, SchemeGCS, SchemeAzure:
		return parseCloud(Scheme(scheme), rest)
	}
	return URL{}, fmt.Errorf("store: unknown scheme %.20q; write %s", scheme, forms)
}

// parsePath takes a path, unless it looks like a URL with a slash missing.
func parsePath(raw string) (URL, error) {
	scheme, _, _ := strings.Cut(raw, ":")
	switch Scheme(scheme) {
	case SchemeDir, SchemeS3, SchemeGCS, SchemeAzure:
		return URL{}, fmt.Errorf("store: %q is followed by no %q; write %s", scheme, "://", forms)
	}
	return URL{Scheme: SchemeDir, Dir: filepath.Clean(raw)}, nil
}

// parseFile takes what follows file://, which names no host.
func parseFile(rest string) (URL, error) {
	rest = strings.TrimPrefix(rest, "localhost")
	if !strings.HasPrefix(rest, "/") {
		return URL{}, fmt.Errorf("store: a file URL holds an absolute path; write file:///PATH")
	}
	return URL{Scheme: SchemeDir, Dir: filepath.Clean(filepath.FromSlash(rest))}, nil
}

// parseCloud takes what follows the scheme of an object storage.
func parseCloud(scheme Scheme, rest string) (URL, error) {
	if strings.ContainsAny(rest, "?#@") {
		return URL{}, fmt.Errorf("store: a %s URL holds no user, query or fragment; write %s", scheme, forms)
	}
	u := URL{Scheme: scheme}
	if scheme == SchemeAzure {
		u.Account, rest, _ = strings.Cut(rest, "/")
	}
	u.Bucket, u.Prefix, _ = strings.Cut(rest, "/")
	u.Prefix = strings.Trim(u.Prefix, "/")
	if u.Bucket == "" || scheme == SchemeAzure && u.Account == "" {
		return URL{}, fmt.Errorf("store: no bucket in the %s URL; write %s", scheme, forms)
	}
	if scheme == SchemeAzure {
		if err := CheckAccount(u.Account); err != nil {
			return URL{}, fmt.Errorf("store: %w", err)
		}
	}
	if u.Prefix != "" && CheckKey(u.Prefix) != nil {
		return URL{}, fmt.Errorf("store: prefix %.80q cannot begin a key", u.Prefix)
	}
	return u, nil
}

// CheckAccount refuses what cannot be the name of a storage account of Azure,
// such as its host.
func CheckAccount(name string) error {
	other := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	if len(name) < 3 || len(name) > 24 || strings.ContainsFunc(name, other) {
		return fmt.Errorf("storage account %.80q: its name is 3 to 24 small letters and digits", name)
	}
	return nil
}
