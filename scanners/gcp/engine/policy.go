package engine

import (
	"slices"

	"cloud.google.com/go/iam/apiv1/iampb"
)

// Grant is one role that an IAM policy gives to one member.
type Grant struct {
	Role      string `json:"role"`      // "roles/viewer", "organizations/123/roles/auditor"
	Member    string `json:"member"`    // "allUsers", "user:ada@example.com"
	Condition string `json:"condition"` // the expression under which it holds; "" when it always does
	On        string `json:"on"`        // what the policy is set on: "projects/123", or the resource's full name
}

// Policy is what the inventory tells of one IAM policy.
type Policy struct {
	Grants []Grant    `json:"grants"`
	Audit  []AuditLog `json:"audit"`
}

// AuditLog is one kind of audit log that a policy switches on for a service.
type AuditLog struct {
	Service  string   `json:"service"` // "allServices" for all
	Type     string   `json:"type"`    // ADMIN_READ, DATA_READ or DATA_WRITE
	Exempted []string `json:"exempted"`
}

// newPolicy returns what an IAM policy that is set on something says.
func newPolicy(on string, p *iampb.Policy) *Policy {
	made := &Policy{}
	for _, binding := range p.GetBindings() {
		for _, member := range binding.GetMembers() {
			made.Grants = append(made.Grants, Grant{
				Role: binding.GetRole(), Member: member, Condition: binding.GetCondition().GetExpression(), On: on,
			})
		}
	}
	for _, config := range p.GetAuditConfigs() {
		for _, logs := range config.GetAuditLogConfigs() {
			made.Audit = append(made.Audit, AuditLog{
				Service: config.GetService(), Type: logs.GetLogType().String(), Exempted: logs.GetExemptedMembers(),
			})
		}
	}
	return made
}

// with returns the policy with what another says of the same resource, which
// the inventory may list under two types. The other may be nil.
func (p *Policy) with(other *Policy) *Policy {
	if other != nil {
		for _, g := range other.Grants {
			if !slices.Contains(p.Grants, g) {
				p.Grants = append(p.Grants, g)
			}
		}
	}
	return p
}
