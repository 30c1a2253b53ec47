package services

import (
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
	"posture/scanners/network"
)

// networkACLs are the rules of a resource's own firewall, as storage accounts
// and key vaults have them.
type networkACLs struct {
	DefaultAction string
	Bypass        string // names in one text, in any order: "Logging, Metrics, AzureServices"; "None"
	IPRules       []struct{ Value string }
}

// open reports whether every network is let in: by default, or by ranges that
// are together the internet. What it cannot tell marks the fields.
func (a networkACLs) open(r *engine.Reading, fields ...string) bool {
	switch strings.ToLower(a.DefaultAction) {
	case "allow":
		return true
	case "deny":
	default:
		r.Strange("default action", fields...)
	}
	var ranges []string
	for _, rule := range a.IPRules {
		ranges = append(ranges, rule.Value)
	}
	return internet(r, ranges, fields...)
}

// bypasses reports whether a name is among those that pass the firewall.
func (a networkACLs) bypasses(name string) bool {
	return slices.ContainsFunc(strings.Split(a.Bypass, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) })
}

// internet reports whether ranges are together the internet. A malformed one
// marks the fields.
func internet(r *engine.Reading, ranges []string, fields ...string) bool {
	open, err := network.Open(ranges)
	if err != nil {
		r.Strange("address range", fields...)
	}
	return len(open) > 0
}

// privateEndpoint is a connection from a private endpoint.
type privateEndpoint struct {
	Properties struct {
		PrivateLinkServiceConnectionState struct{ Status string }
	}
}

// approved counts the connections that are in use.
func approved(all []privateEndpoint) int64 {
	var n int64
	for _, c := range all {
		if c.Properties.PrivateLinkServiceConnectionState.Status == "Approved" {
			n++
		}
	}
	return n
}

// unlessOff returns a switch that is on where Azure does not say otherwise, by
// the API's own documentation.
func unlessOff(set *bool) bool { return set == nil || *set }

// tlsVersion returns a version of TLS as people write it, "1.2", from the
// forms that Azure has: "TLS1_2", "TLSEnforcementDisabled", "1.2", "Tls12", "TLSv1". An
// empty one is what the API documents for it, "" where that is not known.
func tlsVersion(r *engine.Reading, text, otherwise string, fields ...string) string {
	digits := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, text)
	switch {
	case text == "" && otherwise != "":
		return otherwise
	case text == "":
		r.Absent("read "+r.Type, fields...)
	case strings.EqualFold(text, "TLSEnforcementDisabled"):
		return "1.0"
	case digits == "1":
		return "1.0"
	case len(digits) == 2:
		return digits[:1] + "." + digits[1:]
	default:
		r.Strange("version of TLS", fields...)
	}
	return ""
}

// oneOf returns the one of the known values that a text is, in their spelling.
// An empty text and one that is none of them mark the field as unread.
func oneOf(r *engine.Reading, what, text, field string, known ...string) string {
	for _, value := range known {
		if strings.EqualFold(text, value) {
			return value
		}
	}
	if text == "" {
		r.Absent("read "+r.Type, field)
	} else {
		r.Strange(what, field)
	}
	return ""
}

// perimeterAccess is what a resource says of its public network access, in lower
// case, where a network security perimeter decides who reaches it
// (learn.microsoft.com/azure/private-link/network-security-perimeter-concepts).
const perimeterAccess = "securedbyperimeter"

// unreadPerimeter marks what a perimeter decides: it may let in the whole
// internet, and its access rules are not read.
func unreadPerimeter(r *engine.Reading, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotUsed, Operation: "read " + r.Type, Code: "network security perimeter"}, fields...)
}
