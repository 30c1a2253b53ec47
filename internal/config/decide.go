package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// Owner returns whose the resource is: its owner tag, else its account's
// owner, else the default. Of a resource whose tags could not be read nobody
// knows whose it is.
func (o Owners) Owner(r posture.Resource) (owner string, unread bool) {
	if cause, unread := r.WhyUnread(posture.FieldTags); unread && cause.Reason != posture.NotRequested {
		return "", true
	}
	return cmp.Or(r.Tags[o.Tag], o.Accounts[r.Account], o.Default), false
}

// UsesTags reports whether the configuration goes by tags of resources on
// which the rules judge: for owners, or for an exemption of one of the rules.
func (c Config) UsesTags(rules []string) bool {
	return c.usesOwners() || slices.ContainsFunc(c.Exemptions.Items, func(x Exemption) bool {
		return len(x.Tags) > 0 && slices.Contains(rules, x.Rule)
	})
}

// usesOwners reports whether anything turns on whose a resource is.
func (c Config) usesOwners() bool {
	o := c.Owners
	return o.Tag != defaultTag || len(o.Accounts) > 0 || o.Default != "" || len(c.Slack.Mentions) > 0 ||
		slices.ContainsFunc(c.Slack.Routes, func(r Route) bool { return r.Owner != "" })
}

// Exempt returns the acceptance that covers a failing finding on the resource
// on the day of now, nil if there is none. Of several, one that still holds
// is preferred, then the one that holds longest. One that goes by tags or by a
// name that were not read is returned as unread, unless another one surely holds.
func (e Exemptions) Exempt(f posture.Finding, r posture.Resource, now time.Time) *posture.Exemption {
	if f.Status != posture.Fail {
		return nil
	}
	var best, unread *posture.Exemption
	for _, x := range e.Items {
		found := &posture.Exemption{ID: x.ID, Expires: x.Expires, Expired: x.Expires.Over(now)}
		switch {
		case x.Created.Start().After(now) || !x.covers(f):
		case x.turnsOnUnread(f, r):
			if unread == nil || longer(found, unread) {
				found.Unread, unread = true, found
			}
		case x.tagged(r.Tags) && (best == nil || longer(found, best)):
			best = found
		}
	}
	if best == nil || !best.Live() && unread != nil && !unread.Expired {
		return unread
	}
	return best
}

// longer reports whether one acceptance holds longer than another.
func longer(one, other *posture.Exemption) bool {
	return one.Expires.Start().After(other.Expires.Start())
}

// covers reports whether the finding lies in the exemption's scope, or may,
// tags aside.
func (x Exemption) covers(f posture.Finding) bool {
	return x.Rule == f.Rule && (x.Account == "" || x.Account == f.Account) &&
		(f.NameUnread || x.names(f))
}

// names reports whether the exemption is about the finding's resource, as far
// as it names any.
func (x Exemption) names(f posture.Finding) bool {
	return x.Resource == "" || matches(x.Resource, f.Resource) || matches(x.Resource, f.Name)
}

// turnsOnUnread reports whether it turns on a name or on tags that were not
// read whether the exemption covers the finding.
func (x Exemption) turnsOnUnread(f posture.Finding, r posture.Resource) bool {
	_, untagged := r.WhyUnread(posture.FieldTags)
	return untagged && len(x.Tags) > 0 || f.NameUnread && !x.names(f)
}

// tagged reports whether all tags that the exemption asks for are there.
func (x Exemption) tagged(tags map[string]string) bool {
	for key, value := range x.Tags {
		if got, ok := tags[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// matches reports whether the text matches the pattern, in which only * is
// special and matches any run of characters.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// ChannelFor returns the channel for alerts of a rule on a target whose
// resources belong to the owner.
func (s Slack) ChannelFor(target posture.Target, owner string, rule posture.Rule) string {
	for _, r := range s.Routes {
		if (r.Provider == "" || r.Provider == target.Provider) && (r.Account == "" || r.Account == target.Account) &&
			(r.Owner == "" || r.Owner == owner) && (r.Category == "" || r.Category == rule.Category) &&
			(r.Severity == "" || r.Severity == rule.Severity) {
			return r.Channel
		}
	}
	return s.Channel
}
