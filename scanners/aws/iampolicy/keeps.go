package iampolicy

import (
	"slices"
	"strings"
)

// kept answers whether a permission is as good with the conditions as without:
// a condition on the caller takes nothing away, because the caller meets it.
// One on the request does: which policy, which boundary, which tags.
func (w want) kept(conditions []condition, a AccountRef) answer {
	got := yes
	for _, c := range together(conditions) {
		got = min(got, w.keeps(c, a))
	}
	return got
}

// aboutRequest holds the global keys that are not about the caller.
var aboutRequest = []string{
	"aws:requesttag/", "aws:tagkeys", "aws:resourcetag/", "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:requestedregion",
}

func (w want) keeps(c condition, a AccountRef) answer {
	k, known := keyed(c.key)
	switch {
	case c.compare == compareUnknown:
		return unsure
	case c.key == "aws:requestedregion":
		return w.inRegion(c, a)
	case c.key == "iam:passedtoservice":
		return matching(c, a.services(w.passes))
	case c.key == "iam:policyarn":
		return attaching(c, a)
	case c.key == "iam:permissionsboundary":
		return bounding(c)
	case c.key == "aws:principalarn" && w.caller != "" && c.compare == compareText && !slices.ContainsFunc(c.values, variable):
		return matching(c, []string{w.caller})
	case c.key == "aws:resourceaccount":
		return matching(c, []string{a.ID})
	case !known:
		return unsure
	case strings.HasPrefix(c.key, "sts:"), c.key == "kms:calleraccount", k.signed, strings.HasPrefix(k.name, "aws:") && !slices.Contains(aboutRequest, k.name):
		return yes
	case strings.HasPrefix(c.key, "aws:resourceorg"):
		return yes // the principal's own organization is meant
	}
	return limiting(c)
}

// limiting answers for a key about the request or the resource: it takes
// something away if only some values are left.
func limiting(c condition) answer {
	switch {
	case c.compare == compareNull && !c.missing, c.not && !c.missing:
		return unsure // something must be given, and what is not said
	case !c.selects(), slices.ContainsFunc(c.values, func(value string) bool { return value == "*" }):
		return yes
	default:
		return no
	}
}

// matching answers whether a key that is always there may have one of the values.
func matching(c condition, wanted []string) answer {
	if c.compare != compareText {
		return unsure
	}
	left := slices.ContainsFunc(wanted, func(value string) bool { return matchAny(c.values, value) != c.not })
	if left || len(wanted) == 0 {
		return yes
	}
	return no
}

// global holds services whose requests all go to one region of the partition.
var global = []string{"iam", "organizations", "cloudfront", "route53"}

func (w want) inRegion(c condition, a AccountRef) answer {
	service, _, _ := strings.Cut(w.action, ":")
	if !slices.Contains(global, service) || w.action == "iam:passrole" {
		return yes // some region is left; a role is passed where it is used
	}
	home := map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[a.partition()]
	return matching(c, []string{home})
}

// services returns the names that services go by in the account's partition.
func (a AccountRef) services(names []string) []string {
	if a.partition() != "aws-cn" {
		return names
	}
	all := slices.Clone(names)
	for _, name := range names {
		all = append(all, name+".cn")
	}
	return all
}

// attaching answers for the policy that may be attached: whoever may attach
// one of AWS's that give IAM away is not held back.
func attaching(c condition, a AccountRef) answer {
	prefix := "arn:" + a.partition() + ":iam::"
	got := matching(c, []string{prefix + "aws:policy/AdministratorAccess", prefix + "aws:policy/IAMFullAccess"})
	if got == no && !c.not && coversAny(c.values, prefix+a.ID+":policy/*") {
		return unsure // one of the account's own may
	}
	return got
}

// bounding answers for the boundary that a user or role must have.
func bounding(c condition) answer {
	switch {
	case c.compare == compareNull && !c.missing, c.not && !c.missing:
		return unsure
	case c.selects():
		if slices.ContainsFunc(c.values, open) {
			return unsure
		}
		return no
	default:
		return yes
	}
}
