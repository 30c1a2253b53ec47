package iampolicy

import (
	"net/netip"
	"strings"
)

// bounds returns what the conditions of one statement say of who asks.
func bounds(conditions []condition) []bound {
	var list []bound
	for _, c := range together(conditions) {
		list = append(list, c.bound())
	}
	return list
}

// bound returns what the condition says of who asks.
func (c condition) bound() bound {
	k, known := keyed(c.key)
	switch {
	case !known || c.compare == compareUnknown:
		return bound{unsure: true}
	case !c.demands():
		return bound{}
	case c.selects():
		if b := k.selected(c); b.narrows || b.unsure || b.proves {
			return b
		}
	}
	if k.signed {
		return bound{parties: []party{{reach: AnyAccount}}, narrows: true}
	}
	return bound{}
}

// isWay reports whether the condition leaves known networks, endpoints or
// access points only.
func (c condition) isWay() bool {
	k, _ := keyed(c.key)
	return k.where && c.bound().identifies()
}

// selected returns what is left when the key has one of the condition's values.
func (k key) selected(c condition) bound {
	b := bound{narrows: true}
	switch k.meaning {
	case nothing:
		return bound{}
	case anExternalID:
		return bound{proves: fixedAll(c.values)}
	case anMFA:
		return bound{proves: c.isTrue()}
	case anMFAAge:
		return bound{proves: true}
	case anAddress:
		return addresses(c)
	case aContext:
		b.services = true
	default:
	}
	if c.compare == compareOrder || len(c.values) == 0 {
		return bound{unsure: true}
	}
	odd := false
	for _, value := range c.values {
		p, judged := k.meaning.party(value)
		if judged == isOpen {
			return bound{}
		}
		odd = odd || judged == isOdd
		if k.where && p.reach == Accounts {
			p.reach = Named // whoever comes that way
		}
		b.parties = append(b.parties, p)
	}
	if odd {
		return bound{unsure: k.meaning != aContext}
	}
	return b
}

func fixedAll(values []string) bool {
	for _, value := range values {
		if value == "" || open(value) {
			return false
		}
	}
	return len(values) > 0
}

// judged is what a value is: fixed, open to parties that it does not name, or
// none that the key can have.
type judged int

const (
	isFixed judged = iota
	isOpen
	isOdd
)

// party returns whom a value names.
func (m meaning) party(value string) (party, judged) {
	switch m {
	case anAccount:
		return fixed(account(value), value, isAccount(value))
	case anOrganization:
		return fixed(party{reach: Organization, id: value}, value, strings.HasPrefix(value, "o-"))
	case aPath:
		id, _, _ := strings.Cut(value, "/")
		return fixed(party{reach: Organization, id: id}, id, strings.HasPrefix(id, "o-"))
	case anARN, aContext:
		return arnParty(value)
	case aNetwork:
		return fixed(party{reach: Named}, value, strings.HasPrefix(value, "vpc-"))
	case anEndpoint:
		return fixed(party{reach: Named}, value, strings.HasPrefix(value, "vpce-"))
	case aUserID:
		return userIDParty(value)
	case aService:
		return trueParty(party{reach: Service}, value)
	case aMountTarget:
		return trueParty(party{reach: Named}, value)
	case aServiceName:
		if open(value) {
			return party{reach: Service}, isFixed
		}
		return party{reach: Service, id: value}, isFixed
	case aPrincipalType:
		if strings.EqualFold(value, "Anonymous") {
			return party{}, isOpen
		}
		return fixed(party{reach: AnyAccount}, value, value != "")
	case anAuthType:
		if strings.EqualFold(value, "NONE") {
			return party{}, isOpen
		}
		return fixed(party{reach: AnyAccount}, value, value == "AWS_IAM")
	case aToken:
		return fixed(party{reach: Named}, value, value != "")
	default:
		return party{}, isOpen
	}
}

func fixed(p party, value string, sound bool) (party, judged) {
	switch {
	case open(value):
		return party{}, isOpen
	case !sound:
		return party{}, isOdd
	default:
		return p, isFixed
	}
}

func trueParty(p party, value string) (party, judged) {
	if strings.EqualFold(value, "true") {
		return p, isFixed
	}
	return party{}, isOpen
}

func isAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}

// arnParty returns whom an ARN names. A wildcard may stand in it where it
// cannot reach beyond one account.
func arnParty(value string) (party, judged) {
	parts := strings.SplitN(value, ":", 6)
	switch {
	case len(parts) == 5 && isAccount(strings.TrimSuffix(parts[4], "*")) && arnHead(parts[0]):
		return account(strings.TrimSuffix(parts[4], "*")), isFixed
	case len(parts) < 6 || !arnHead(parts[0]):
		return fixed(party{}, value, false)
	case isAccount(parts[4]):
		return account(parts[4]), isFixed
	case parts[4] != "":
		return fixed(party{reach: Named}, parts[4], true)
	}
	resource := parts[5]
	if parts[2] == "s3" {
		resource, _, _ = strings.Cut(resource, "/") // whoever has a bucket has its objects
	}
	return fixed(party{reach: Named}, resource, resource != "")
}

func arnHead(part string) bool { return part == "arn" || part == "*" }

// userIDParty returns whom a unique id names: "AROA...:session", "AIDA...", or
// the account's own id for its root user.
func userIDParty(value string) (party, judged) {
	id, _, _ := strings.Cut(value, ":")
	if isAccount(id) {
		return account(id), isFixed
	}
	unique := len(id) >= 8 && id[0] == 'A' && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
	return fixed(party{reach: Named}, id, unique)
}

// addresses returns what is left of callers by their network: nothing is said
// by networks that S3 counts as the internet (more than a /8, IPv6 a /32), or
// that together are half of it.
func addresses(c condition) bound {
	if c.compare != compareAddress || len(c.values) == 0 {
		return bound{unsure: true}
	}
	half, odd := 0.0, false
	for _, value := range c.values {
		network, ok := parseNetwork(value)
		switch {
		case !ok:
			odd = true
			continue
		case network.Addr().Is4() && network.Bits() < 8, network.Addr().Is6() && network.Bits() < 32:
			return bound{}
		}
		half += 2 / float64(uint64(1)<<min(network.Bits(), 63))
	}
	if half >= 1 || odd {
		return bound{unsure: half < 1}
	}
	return bound{parties: []party{{reach: Named}}, narrows: true}
}

// parseNetwork reads a range, or a single address. One of IPv4 written as one of
// IPv6 is the one of IPv4.
func parseNetwork(value string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(value)
	if err != nil {
		address, err := netip.ParseAddr(value)
		if err != nil {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(address, address.BitLen())
	}
	const mapped = 96 // bits before the address of IPv4
	if network.Addr().Is4In6() && network.Bits() >= mapped {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-mapped)
	}
	return network, true
}
