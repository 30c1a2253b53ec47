package services

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// violation is something that a scan with a fault got wrong.
type violation struct {
	kind string // vanished, invented, changed, reason, declaration, trace, fixture
	text string
}

// judge compares a scan with a fault to the scan without.
func (tr trial) judge(got scanned) []violation {
	var found []violation
	say := func(kind, format string, args ...any) {
		found = append(found, violation{kind, fmt.Sprintf("%s: ", tr) + fmt.Sprintf(format, args...)})
	}
	for _, p := range got.Report.Populations {
		if !p.Complete {
			tr.judgeCause(*p.Cause, func(wrong string) { say("reason", "the population of %s: %s", p.Type, wrong) })
		}
	}
	for _, old := range tr.base.Resources {
		now, there := got.find(old)
		switch {
		case there:
			tr.judgeResource(old, now, say)
		case got.complete(old):
			say("vanished", "%s %s is gone", old.Type, old.ID)
		}
	}
	for _, now := range got.Resources {
		if _, there := tr.base.find(now); !there {
			say("invented", "%s %s is new", now.Type, now.ID)
		}
	}
	if tr.fault.Kind == awstest.Denied && !tr.traced(got) {
		say("trace", "nothing shows it")
	}
	return found
}

// find returns the resource of the same identity.
func (s scanned) find(like posture.Resource) (posture.Resource, bool) {
	for _, r := range s.Resources {
		if r.Type == like.Type && r.Region == like.Region && r.ID == like.ID {
			return r, true
		}
	}
	return posture.Resource{}, false
}

// complete reports whether the population that the resource belongs to is
// said to be complete.
func (s scanned) complete(r posture.Resource) bool {
	for _, p := range s.Report.Populations {
		if p.Type == r.Type && (p.Region == r.Region || p.Region == posture.Global) && !p.Complete {
			return false
		}
	}
	return true
}

// judgeResource looks for differences that are not marked as unread, and at
// the reasons of those that are.
func (tr trial) judgeResource(old, now posture.Resource, say func(kind, format string, args ...any)) {
	before, after := leaves(old), leaves(now)
	for path := range before {
		after[path] += "" // leaves that are only in one of the two count as empty
	}
	for path, value := range after {
		if value != before[path] && !covered(path, now.Unread) {
			say("changed", "%s %s: %s was %s, is %s", now.Type, now.ID, path, before[path], value)
		}
	}
	for _, unread := range now.Unread {
		if tr.known(unread.Cause) {
			continue
		}
		where := fmt.Sprintf("%s: %s", now.Type, unread.Field)
		tr.judgeCause(unread.Cause, func(wrong string) { say("reason", "%s: %s", where, wrong) })
		if !tr.declares(now.Type, unread.Field) {
			say("declaration", "%s is not declared as what the call is for", where)
		}
	}
}

// judgeCause checks that a cause blames the call that went wrong, and how.
func (tr trial) judgeCause(c posture.Cause, say func(wrong string)) {
	if tr.known(c) {
		return
	}
	want := reasons[tr.fault.Kind]
	cut := c.Reason == posture.Failed && slices.Contains([]awstest.Kind{awstest.Empty, awstest.CutOff, awstest.Truncated}, tr.fault.Kind) // it was an error of the service's, with its status
	if c.Reason != want && c.Reason != posture.NotListed && !cut {
		say(fmt.Sprintf("the reason is %q, want %q", c.Reason, want))
	}
	if c.Operation != tr.op {
		say(fmt.Sprintf("the operation is %q", c.Operation))
	}
	if c.Reason == posture.Denied && c.Permission != permissionsOfScan()[tr.op] {
		say(fmt.Sprintf("the permission is %q, want %q", c.Permission, permissionsOfScan()[tr.op]))
	}
}

// known reports whether the estate itself holds back something for the cause.
func (tr trial) known(c posture.Cause) bool {
	for _, r := range tr.base.Resources {
		for _, unread := range r.Unread {
			if unread.Cause.Reason == c.Reason && unread.Cause.Operation == c.Operation {
				return true
			}
		}
	}
	return false
}

// declares reports whether the type's declaration of the operation names the
// field, or the operation is part of the listing.
func (tr trial) declares(typ, field string) bool {
	top, _, _ := strings.Cut(field, ".")
	for _, s := range All() {
		for _, c := range s.Calls {
			if s.Name == typ && c.Op == tr.op && (len(c.For) == 0 || slices.Contains(c.For, top) || slices.Contains(c.For, field)) {
				return true
			}
		}
	}
	return false
}

// traced reports whether the scan blames the operation for anything.
func (tr trial) traced(got scanned) bool {
	for _, p := range got.Report.Populations {
		if p.Cause != nil && p.Cause.Operation == tr.op {
			return true
		}
	}
	for _, r := range got.Resources {
		for _, unread := range r.Unread {
			if unread.Cause.Operation == tr.op {
				return true
			}
		}
	}
	return false
}

// covered reports whether a path is marked as unread, or lies below one that is.
func covered(path string, unread []posture.Unread) bool {
	return slices.ContainsFunc(unread, func(u posture.Unread) bool {
		return path == u.Field || strings.HasPrefix(path, u.Field+".")
	})
}

// leaves returns what a resource says, by dotted path; lists count as leaves.
func leaves(r posture.Resource) map[string]string {
	found := map[string]string{"name": r.Name}
	addLeaves(found, "", r.Doc)
	addLeaves(found, "tags", r.Tags)
	return found
}

func addLeaves(found map[string]string, path string, value any) {
	encoded, err := json.Marshal(value)
	if err != nil {
		found[path] = err.Error()
		return
	}
	var tree map[string]any
	if json.Unmarshal(encoded, &tree) != nil {
		found[path] = string(encoded)
		return
	}
	for name, below := range tree {
		addLeaves(found, strings.TrimPrefix(path+"."+name, "."), below)
	}
}
