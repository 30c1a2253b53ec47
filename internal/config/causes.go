package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// CauseExemption is a person's dated, reasoned, expiring acceptance that something
// is not read. What it leaves unread stays unknown; it only no longer alarms.
// Patterns match whole texts, * stands for any run of characters, and an empty one
// matches all.
type CauseExemption struct {
	ID          string      `yaml:"id" json:"id"`
	Operation   string      `yaml:"operation" json:"operation,omitempty"` // pattern on the call: kms:ListAliases
	Service     string      `yaml:"service" json:"service,omitempty"`     // pattern on the call's service: kms
	Because     string      `yaml:"because" json:"because,omitempty"`     // pattern on the reason: denied*, timeout
	Target      string      `yaml:"target" json:"target,omitempty"`       // pattern on the target or its account: aws/111122223333
	Reason      string      `yaml:"reason" json:"reason"`
	Ticket      string      `yaml:"ticket" json:"ticket,omitempty"`
	RequestedBy string      `yaml:"requested_by" json:"requested_by"`
	ApprovedBy  string      `yaml:"approved_by" json:"approved_by"`
	Created     posture.Day `yaml:"created" json:"created"`
	Expires     posture.Day `yaml:"expires" json:"expires"` // the last day on which it holds
	Control     string      `yaml:"compensating_control" json:"compensating_control,omitempty"`
}

// ExemptCause returns the acceptance that covers what could not be read of a
// target on the day of now, nil if there is none. Of several, one that still
// holds is preferred, then the one that holds longest.
func (e Exemptions) ExemptCause(target posture.Target, cause posture.Cause, now time.Time) *posture.Exemption {
	var best *posture.Exemption
	for _, x := range e.Causes {
		if x.Created.Start().After(now) || !x.covers(target, cause) {
			continue
		}
		found := &posture.Exemption{ID: x.ID, Expires: x.Expires, Expired: x.Expires.Over(now)}
		if best == nil || longer(found, best) {
			best = found
		}
	}
	return best
}

// covers reports whether the cause is one that is accepted.
func (x CauseExemption) covers(target posture.Target, cause posture.Cause) bool {
	return anyOr(x.Operation, cause.Operation) && anyOr(x.Service, serviceOf(cause.Operation)) && anyOr(x.Because, string(cause.Reason)) &&
		(anyOr(x.Target, target.String()) || anyOr(x.Target, target.Account))
}

// anyOr reports whether the text matches the pattern, if there is one.
func anyOr(pattern, text string) bool { return pattern == "" || matches(pattern, text) }

// serviceOf returns the service of a call: "kms" of kms:ListAliases, "cloudkms" of
// cloudkms.keyRings.list, "" of one that names none.
func serviceOf(operation string) string {
	return operation[:max(strings.IndexAny(operation, ":."), 0)]
}

// ExemptUnknown returns the acceptance of all that made a finding unknown, nil
// where anything of it is not accepted, or no longer. Of several, it is the
// one that ends first.
func (e Exemptions) ExemptUnknown(f posture.Finding, target posture.Target, now time.Time) *posture.Exemption {
	if f.Status != posture.Unknown {
		return nil
	}
	var first *posture.Exemption
	for _, unread := range f.Unknown {
		x := e.ExemptCause(target, unread.Cause, now)
		if !x.Live() {
			return nil
		}
		if first == nil || longer(first, x) {
			first = x
		}
	}
	return first
}

// acceptance is what all kinds of exemptions say.
type acceptance struct {
	id, what, of                string // what it is of, and the value of that
	reason, requested, approved string
	created, expires            posture.Day
}

// acceptance returns what the exemption has in common with others.
func (x Exemption) acceptance() acceptance {
	return acceptance{x.ID, "rule", x.Rule, x.Reason, x.RequestedBy, x.ApprovedBy, x.Created, x.Expires}
}

// acceptance returns what the exemption has in common with others.
func (x CauseExemption) acceptance() acceptance {
	return acceptance{x.ID, "operation or service", cmp.Or(x.Operation, x.Service), x.Reason, x.RequestedBy, x.ApprovedBy, x.Created, x.Expires}
}

// causes checks the accepted causes, whose ids are none of those seen.
func (k *checker) causes(e Exemptions, seen map[string]bool) {
	for i, x := range e.Causes {
		path := at("exemptions", "causes", i)
		k.acceptance(x.acceptance(), e.MaxDays, path)
		for _, field := range []struct{ name, value string }{{"operation", x.Operation}, {"service", x.Service}} {
			place := append(slices.Clone(path), field.name)
			k.that(!k.given(place...) || k.file.Wrong(place) || strings.TrimSpace(field.value) != "", place, "%s is empty", field.name)
		}
		some := func(pattern string) bool { return strings.Trim(pattern, "* \t\n\r\v\f") != "" }
		k.that(x.Operation+x.Service == "" || some(x.Operation) || some(x.Service) || some(x.Target) || k.wrong(path, "operation", "service", "target"), path,
			"this accepts that nothing at all is read: expected an operation, a service or a target that is more than *")
		k.that(x.ID == "" || !seen[x.ID], at("exemptions", "causes", i, "id"), "duplicate exemption id %q", x.ID)
		seen[x.ID] = true
	}
}
