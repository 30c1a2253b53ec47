package iampolicy

import (
	"slices"
	"strings"
)

// Ask is what is asked of a resource's policy.
type Ask struct {
	Service  string     // prefix of the service's actions: "s3", "sqs", "sts" for the trust of a role
	Actions  []string   // the actions that are asked for; none for any
	Resource string     // ARN of the resource; empty where its policies are about it alone
	Account  string     // id of the account that the resource belongs to
	Guards   []Document // resource control policies of its organization, whose denies hold too where they bound the service
}

// anonymous holds the services that answer callers without any account, where
// their policy allows it. For others everybody is whoever has an account.
var anonymous = []string{
	"aoss", "elasticfilesystem", "es", "execute-api", "glacier", "lambda", "mediastore", "s3", "sns", "sqs",
}

// units returns the actions, or patterns of actions, for which a statement is
// asked, in lower case.
func (a Ask) units(s statement) []string {
	var units []string
	for _, action := range a.Actions {
		if action = strings.ToLower(action); s.speaksOf(action) {
			units = append(units, action)
		}
	}
	if len(a.Actions) > 0 {
		return units
	}
	whole := strings.ToLower(a.Service) + ":*"
	if s.notAction != nil {
		if coversAny(s.notAction, whole) {
			return nil
		}
		return []string{whole}
	}
	for _, pattern := range s.action {
		switch {
		case covers(pattern, whole):
			units = append(units, whole)
		case overlaps(pattern, whole):
			units = append(units, pattern)
		}
	}
	return units
}

// speaksOf reports whether the statement is about an action, given in lower case.
func (s statement) speaksOf(action string) bool {
	if s.notAction != nil {
		return !matchAny(s.notAction, action)
	}
	return matchAny(s.action, action)
}

// speaksOfAll reports whether the statement is about every action of a pattern.
func (s statement) speaksOfAll(pattern string) bool {
	if s.notAction != nil {
		return !overlapsAny(s.notAction, pattern)
	}
	return coversAny(s.action, pattern)
}

// targets returns the resources, or patterns of resources, on which a
// statement is asked for an action.
func (a Ask) targets(s statement, unit string) []string {
	switch {
	case a.Resource == "" && s.resource == nil:
		return []string{"*"}
	case a.Resource == "":
		return s.resource
	}
	return slices.DeleteFunc(a.domain(unit), func(target string) bool { return !s.touches(target) })
}

// touches reports whether a statement is about some resource of a pattern.
func (s statement) touches(target string) bool {
	switch {
	case s.notResource != nil:
		return !coversAny(s.notResource, target)
	case s.resource != nil:
		return overlapsAny(widened(s.resource), target)
	default:
		return true
	}
}

// spans reports whether a statement is about every resource of a pattern.
func (s statement) spans(target string) bool {
	switch {
	case s.notResource != nil:
		return !overlapsAny(widened(s.notResource), target)
	case s.resource != nil:
		return coversAny(s.resource, target)
	default:
		return true
	}
}

// below says what lies under a resource, by service: objects of a bucket,
// versions and aliases of a function, indices of a domain.
var below = map[string]string{"s3": "/*", "lambda": ":*", "es": "/*", "logs": ":*"}

// domain returns the resources that an action on the asked resource can be
// about: the resource itself, and what lies under it.
func (a Ask) domain(unit string) []string {
	under, has := below[a.Service]
	if !has {
		return []string{a.Resource}
	}
	if a.Service == "s3" {
		switch {
		case slices.Contains(bucketActions, unit):
			return []string{a.Resource}
		case slices.Contains(objectActions, unit):
			return []string{a.Resource + under}
		}
	}
	return []string{a.Resource, a.Resource + under}
}
