package slack

import (
	"net/url"
	"strings"
)

// longestLink is how long an address may be that a message links to.
const longestLink = 2000

// link returns the address of a resource in its provider's console as a message
// may hold it, "" for none: the store that it was read from may have been
// changed by somebody, and what is shown must be what is opened.
func link(address string) string {
	if len(address) > longestLink || strings.ContainsFunc(address, outside) {
		return ""
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return ""
	}
	return address
}

// outside reports whether a character ends an address in Slack's markup, or is
// none that an address has.
func outside(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>|\"'`\\", r) }
