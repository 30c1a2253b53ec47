package slack

import (
	"context"
	"net"
	"net/url"
	"strings"

	"posture/internal/outbox"
)

// Secret returns a bot token or the address of a webhook. With refresh it is
// read anew from where it is kept, because Slack refused the last one. The
// value is never stored, logged or part of an error.
type Secret func(ctx context.Context, refresh bool) (string, error)

// Fixed returns a secret that is never read anew.
func Fixed(value string) Secret {
	return func(context.Context, bool) (string, error) { return value, nil }
}

// read returns the value without the blanks around it. An error of the source
// is replaced, because its text is not ours.
func (s Secret) read(ctx context.Context, refresh bool) (string, error) {
	if s == nil {
		return "", &outbox.Refusal{Kind: outbox.Channel, Code: "no_secret_for_channel"}
	}
	value, err := s(ctx, refresh)
	if err != nil {
		return "", &outbox.Refusal{Kind: outbox.Credential, Code: "secret_unreadable"}
	}
	value = strings.TrimSpace(value)
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &outbox.Refusal{Kind: outbox.Credential, Code: "secret_malformed"}
	}
	return value, nil
}

// allowed reports whether an address is HTTPS on one of the hosts, or, where
// loopback is allowed, any address on this machine.
func allowed(address string, hosts []string, loopback bool) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if ip := net.ParseIP(u.Hostname()); loopback && ip != nil && ip.IsLoopback() {
		return true
	}
	for _, host := range hosts {
		if u.Scheme == "https" && u.Host == host {
			return true
		}
	}
	return false
}
