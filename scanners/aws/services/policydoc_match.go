package services

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// public reports whether a statement admits anybody at all: any principal,
// and no condition that names an account, an organisation, a network or a
// source.
func (d policyDocument) public() bool {
	return slices.ContainsFunc(d.Statements, func(s statement) bool {
		return s.Allow && s.admitsAnyone() && !s.narrowed()
	})
}

// admitsAnyone reports whether the statement's principal is everybody.
func (s statement) admitsAnyone() bool {
	if len(s.NotPrincipal) > 0 {
		return s.Allow
	}
	for _, names := range s.Principal {
		if slices.Contains(names, "*") {
			return true
		}
	}
	return false
}

// narrowing holds the condition keys that tie a request to known parties.
var narrowing = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
	"aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:vpcsourceip", "aws:userid",
	"kms:calleraccount", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
	"elasticfilesystem:accessedviamounttarget",
}

// matching holds the condition operators that hold only for the named values,
// and for no request that lacks the key.
var matching = []string{
	"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "bool",
}

// narrowed reports whether a condition ties the statement to known parties.
func (s statement) narrowed() bool {
	return s.conditioned(func(key string, values texts) bool {
		return slices.Contains(narrowing, key) && len(values) > 0 && !slices.ContainsFunc(values, broad)
	})
}

// conditioned reports whether the statement has a condition that asks for one
// of some values, and for which holds says yes.
func (s statement) conditioned(holds func(key string, values texts) bool) bool {
	for operator, keys := range s.Condition {
		operator = strings.TrimPrefix(operator, "foranyvalue:")
		if !slices.Contains(matching, operator) {
			continue
		}
		for key, values := range keys {
			if holds(key, values) {
				return true
			}
		}
	}
	return false
}

// broad reports whether a condition's value names no party: a bare wildcard,
// an ARN of any account, or a network of more than a /8 (IPv6: /32).
func broad(value string) bool {
	if network, err := netip.ParsePrefix(value); err == nil {
		return network.Addr().Is4() && network.Bits() < 8 || network.Addr().Is6() && network.Bits() < 32
	}
	parsed, err := arn.Parse(value)
	switch {
	case err != nil:
		return value == "" || strings.ContainsAny(value[:1], "*?")
	case parsed.AccountID == "":
		return parsed.Resource == "" || strings.ContainsAny(parsed.Resource[:1], "*?")
	default:
		return strings.ContainsAny(parsed.AccountID, "*?")
	}
}

// deniesInsecureTransport reports whether the policy refuses everybody every
// S3 request, on the bucket and on its objects, that does not use TLS.
func (d policyDocument) deniesInsecureTransport(bucket string) bool {
	var onBucket, onObjects bool
	for _, s := range d.Statements {
		if s.Allow || !s.admitsAnyone() || !s.onlyInsecure() || !coversAll(s.Action, "s3:") {
			continue
		}
		onBucket = onBucket || matchesAny(s.Resource, bucket)
		onObjects = onObjects || coversAll(s.Resource, bucket+"/")
	}
	return onBucket && onObjects
}

// onlyInsecure reports whether the statement's one condition is that the
// request does not use TLS.
func (s statement) onlyInsecure() bool {
	if len(s.Condition) != 1 {
		return false
	}
	for operator, keys := range s.Condition {
		values := keys["aws:securetransport"]
		return (operator == "bool" || operator == "boolifexists") && len(keys) == 1 &&
			len(values) == 1 && strings.EqualFold(values[0], "false")
	}
	return false
}

// otherAccounts returns the ids of the accounts but own that some statement
// of the given kind allows, sorted; "*" stands for any account.
func (d policyDocument) otherAccounts(own string, of func(statement) bool) []string {
	var accounts []string
	for _, s := range d.Statements {
		if !s.Allow || !of(s) {
			continue
		}
		if s.admitsAnyone() && !s.narrowed() {
			accounts = append(accounts, "*")
		}
		for _, principal := range s.Principal["AWS"] {
			if id := accountOf(principal); id != "" && id != own {
				accounts = append(accounts, id)
			}
		}
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}

// accountOf returns the account id that an AWS principal names, "" for those
// that name none.
func accountOf(principal string) string {
	if parsed, err := arn.Parse(principal); err == nil {
		return parsed.AccountID
	}
	if len(principal) == 12 && strings.Trim(principal, "0123456789") == "" {
		return principal
	}
	return ""
}

// coversAll reports whether one of the patterns matches all that begins with
// the prefix.
func coversAll(patterns texts, prefix string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return glob(pattern, prefix+"\x00") && glob(pattern, prefix+"\x00:\x00/\x00:\x00\x00")
	})
}

// matchesAny reports whether one of the patterns matches the text.
func matchesAny(patterns texts, text string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return glob(pattern, text) })
}

// glob reports whether the text matches the pattern, in which * stands for any
// run of bytes and ? for any one.
func glob(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// grants reports whether the statement speaks of one of the actions, which
// are given in lower case.
func (s statement) grants(actions ...string) bool {
	return slices.ContainsFunc(actions, func(action string) bool {
		if len(s.NotAction) > 0 {
			return !matchesAny(s.NotAction, action)
		}
		return matchesAny(s.Action, action)
	})
}
