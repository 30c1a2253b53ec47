package services

import (
	"errors"
	"regexp"
	"strings"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

// logWriter is the account by which the sinks of a project, folder, organization
// or billing account write
// (https://cloud.google.com/logging/docs/export/configure_export_v2#dest-auth).
var logWriter = regexp.MustCompile(`^serviceAccount:(?:service-)?(org-|folder-|billingaccount-|p|o|f|b|)([0-9A-Za-z-]+?)(?:-[0-9]+)?@gcp-sa-logging\.iam\.gserviceaccount\.com$`)

// ownerOfWriter returns whose sinks write by an account, as a key of the scope; it
// is empty for a billing account, whose sinks are never listed.
func ownerOfWriter(member string) (key string, is bool) {
	if member == "serviceAccount:cloud-logs@system.gserviceaccount.com" {
		return "", true // of whoever asks Google for it
	}
	found := logWriter.FindStringSubmatch(member)
	if found == nil {
		return "", false
	}
	kinds := map[string]string{"": "projects/", "p": "projects/", "o": "organizations/", "org-": "organizations/", "f": "folders/", "folder-": "folders/"}
	kind, known := kinds[found[1]]
	if !known || strings.Trim(found[2], "0123456789") != "" {
		return "", true
	}
	return kind + found[2], true
}

// errStrangeWriter: whose sink it is may not be scanned, ever.
var errStrangeWriter = errors.New("a sink of something that is not scanned may write here, as the policy lets it")

// strangeWriter returns an error where the bucket's own policy lets in sinks of
// something that is neither scanned nor above the bucket: whether one of them
// delivers here is not known.
func strangeWriter(r *engine.Reading, field string) error {
	for _, grant := range r.Grants(field) {
		key, is := ownerOfWriter(grant.Member)
		if is && (key == "" || !r.InScope(key) && !isAbove(r, key)) {
			return &posture.ReadError{Cause: posture.Cause{Reason: posture.NotListed, Operation: "read " + typeLogSink}, Err: errStrangeWriter}
		}
	}
	return nil
}

func isAbove(r *engine.Reading, key string) bool {
	for _, above := range r.Outside() {
		if above == key {
			return true
		}
	}
	return false
}
