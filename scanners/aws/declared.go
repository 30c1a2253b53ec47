package aws

import "posture/internal/posture"

// Call is an API call that a scan takes, as its scanner declares it, for
// estimates and for trying permissions.
type Call struct {
	Type   string // the resource type that it is made for; empty for the calls that open an account
	Op     string // "s3:GetBucketEncryption"
	Action string // the IAM action that it needs
	Global bool   // made in one region of the account, not in each
	Each   bool   // made for every resource of the type, not once for all
}

// Calls returns the calls that reading what is wanted of the services takes,
// of all services when none is named: first those that open the account. A
// call that several types share, and that is made once for all of them, is
// there for each.
func Calls(want posture.Want, services ...string) []Call {
	var calls []Call
	for _, c := range opening {
		calls = append(calls, Call{Op: c.Op, Action: c.action(), Global: true})
	}
	o := Options{Services: services}
	for _, s := range all {
		if _, wanted := want[s.Type]; !wanted || !o.reads(s.service()) {
			continue
		}
		for _, c := range s.Calls {
			if c.wanted(want, s.Type) {
				calls = append(calls, Call{Type: s.Type, Op: c.Op, Action: c.action(), Global: s.Global, Each: c.Each})
			}
		}
	}
	return calls
}

// wanted reports whether a call is made when these fields are.
func (c call) wanted(want posture.Want, typ string) bool {
	for _, field := range c.For {
		if want.Field(typ, field) {
			return true
		}
	}
	return len(c.For) == 0
}
