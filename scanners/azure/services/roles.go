package services

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// RoleAssignments is what rules may ask of who holds roles on a subscription:
// at it, above it and below it, by groups too, and where privileged identity
// management lets them activate a role.
type RoleAssignments struct {
	Owners            int64    `json:"owners"`             // people who may do everything on the subscription, or may activate that
	OwnerApplications int64    `json:"owner_applications"` // the same of applications and managed identities
	Guests            []string `json:"guests"`             // guests with a role: "Ann Lee: Contributor at the subscription"
	Blocked           []string `json:"blocked"`            // people with a role whose account is blocked
	AccessAdmins      []string `json:"access_admins"`      // ids of users, groups and applications that may hand out any role at the subscription or above it, and are no owners
	AccessAdminPaths  []string `json:"access_admin_paths"` // the same, with where: "group 1111… at the tenant's root"
}

const (
	readRoleAssignments = "Microsoft.Authorization/roleAssignments/read"
	readRoleDefinitions = "Microsoft.Authorization/roleDefinitions/read"
	readDenyAssignments = "Microsoft.Authorization/denyAssignments/read"
	readEligible        = "Microsoft.Authorization/roleEligibilityScheduleInstances/read"
)

// roleAssignments are read from Azure Resource Manager: it lists all that count
// at the subscription, those of management groups and of the root included, to
// whoever may read it, and Resource Graph leaves out those in silence for which
// the caller has no permission up there.
var roleAssignments = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Authorization/roleAssignments",
		Service: "rbac",
		Doc:     RoleAssignments{},
		Calls: []scanners.Call{
			{Op: readRoleAssignments, Each: true, For: accessFields},
			{Op: readRoleDefinitions, Each: true, For: accessFields},
			{Op: readEligible, Each: true, For: peopleFields},
			{Op: readDenyAssignments, Each: true, For: ownerFields},
			membersCall(peopleFields...), usersCall(peopleFields...),
		},
		Console: scanners.Console{Path: "/#resource/subscriptions/{subscription}/users"},
	},
	Of:    "Microsoft.Resources/subscriptions",
	NoGet: readDirectly,
	Table: "resourcecontainers",
	Read:  readRoles,
}

var (
	ownerFields  = []string{"owners", "owner_applications"}
	peopleFields = append([]string{"guests", "blocked"}, ownerFields...)
	adminFields  = []string{"access_admins", "access_admin_paths"}
	accessFields = append(slices.Clone(adminFields), peopleFields...)
)

func readRoles(r *engine.Reading) any {
	r.ID += "/providers/microsoft.authorization/roleassignments"
	doc := &RoleAssignments{}
	if !r.Wants(accessFields...) {
		return doc
	}
	active, err := assignmentsOf(r)
	held, ok := readHeld(r, active, err, accessFields, false)
	if !ok {
		return doc
	}
	readAccessAdmins(r, held, doc)
	if r.Wants(peopleFields...) {
		readPeople(r, held, doc)
	}
	return doc
}

// roleAssignment is a role that somebody has, or may activate
// (learn.microsoft.com/rest/api/authorization/role-assignments).
type roleAssignment struct {
	ID         string
	Properties struct {
		Scope, RoleDefinitionID, PrincipalID, PrincipalType, Condition string
	}
}

// held is an assignment with its role.
type held struct {
	principal, kind string // the kind is in lower case: "user", "group", "serviceprincipal"
	scope           string // in lower case
	conditional     bool
	eligible        bool
	role            role
}

// assignmentsOf returns the role assignments at the subscription, above it and
// below it.
func assignmentsOf(r *engine.Reading) ([]roleAssignment, error) {
	return engine.Once(r, readRoleAssignments, func() ([]roleAssignment, error) {
		return engine.FetchAllOf[roleAssignment](r, readRoleAssignments, "/subscriptions/"+r.Row.Subscription, "/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
	})
}

// eligibleOf returns those that privileged identity management lets people
// activate. Without its licence nobody can be eligible
// (learn.microsoft.com/entra/id-governance/privileged-identity-management/subscription-requirements).
func eligibleOf(r *engine.Reading) ([]roleAssignment, error) {
	found, err := engine.FetchAll[roleAssignment](r, readEligible, "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances", "2020-10-01")
	if unlicensed(err) {
		return nil, nil
	}
	return found, err
}

// readHeld returns assignments with their roles. Where it cannot, it marks the
// fields and returns false.
func readHeld(r *engine.Reading, all []roleAssignment, err error, fields []string, eligible bool) ([]held, bool) {
	if !r.Got(err, fields...) {
		return nil, false
	}
	roles, err := rolesOf(r)
	if !r.Got(err, fields...) {
		return nil, false
	}
	var found []held
	for _, a := range all {
		p := a.Properties
		role, known := roles[roleID(p.RoleDefinitionID)]
		if !known || p.PrincipalID == "" || p.Scope == "" {
			r.Strange("role assignment", fields...)
			continue
		}
		found = append(found, held{
			principal: strings.ToLower(p.PrincipalID), kind: strings.ToLower(p.PrincipalType), scope: strings.ToLower(p.Scope),
			conditional: p.Condition != "", eligible: eligible, role: role,
		})
	}
	return found, true
}

// atOrAbove reports whether the assignment counts at the whole subscription, and
// where it is set.
func (h held) atOrAbove(subscription string) (bool, string) {
	switch {
	case h.scope == "/":
		return true, "the tenant's root"
	case strings.HasPrefix(h.scope, "/providers/microsoft.management/managementgroups/"):
		return true, "management group " + engine.LastOf(h.scope)
	case h.scope == "/subscriptions/"+subscription:
		return true, "the subscription"
	case strings.Count(h.scope, "/") == 4:
		return false, "resource group " + engine.LastOf(h.scope)
	}
	return false, engine.LastOf(h.scope)
}

// readAccessAdmins reads who may hand out any role, by roles that are active.
func readAccessAdmins(r *engine.Reading, all []held, doc *RoleAssignments) {
	for _, h := range all {
		whole, where := h.atOrAbove(r.Row.Subscription)
		if !whole || h.role.everything() || !h.role.handsOut() || h.conditional && !h.role.accessAdministrator() {
			continue
		}
		doc.AccessAdmins = append(doc.AccessAdmins, h.principal)
		doc.AccessAdminPaths = append(doc.AccessAdminPaths, fmt.Sprintf("%s %s at %s", cmp.Or(kindWords[h.kind], h.kind), h.principal, where))
	}
	sortSet(&doc.AccessAdmins)
	sortSet(&doc.AccessAdminPaths)
}

var kindWords = map[string]string{"serviceprincipal": "application", "foreigngroup": "group of another tenant"}

func sortSet(names *[]string) {
	slices.Sort(*names)
	*names = slices.Compact(*names)
}

// readPeople reads which people have roles.
func readPeople(r *engine.Reading, active []held, doc *RoleAssignments) {
	may, err := eligibleOf(r)
	eligible, ok := readHeld(r, may, err, peopleFields, true)
	if !ok {
		return
	}
	all := append(slices.Clone(active), eligible...)
	members, ok := membersOf(r, principalsOf(all, "group"), peopleFields...)
	if !ok {
		return
	}
	users, ok := usersOf(r, principalsOf(all, "user"), peopleFields...)
	if !ok {
		return
	}
	var denied []denial
	if r.Wants(ownerFields...) {
		denied = readDenials(r)
	}
	owners := map[string]bool{} // by id: whether it is a person
	for _, h := range all {
		for _, who := range h.holders(r, members, users) {
			h.count(r, who, doc)
			whole, _ := h.atOrAbove(r.Row.Subscription)
			if whole && h.role.everything() && !slices.ContainsFunc(denied, func(d denial) bool { return d.covers(who.ID) }) {
				owners[strings.ToLower(who.ID)] = who.person()
			}
		}
	}
	for _, person := range owners {
		if person {
			doc.Owners++
		} else {
			doc.OwnerApplications++
		}
	}
	sortSet(&doc.Guests)
	sortSet(&doc.Blocked)
}

// count notes a guest or a blocked account that holds the role.
func (h held) count(r *engine.Reading, who principal, doc *RoleAssignments) {
	_, where := h.atOrAbove(r.Row.Subscription)
	text := fmt.Sprintf("%s: %s at %s", cmp.Or(who.DisplayName, who.ID), h.role.name, where)
	if !who.person() {
		return
	}
	if who.guest() {
		doc.Guests = append(doc.Guests, text)
	}
	if !engine.Need(r, who.AccountEnabled, "blocked", "guests") && who.AccountEnabled != nil {
		doc.Blocked = append(doc.Blocked, text)
	}
}

// principalsOf returns the ids of a kind, each once.
func principalsOf(all []held, kind string) []string {
	var ids []string
	for _, h := range all {
		if h.kind == kind {
			ids = append(ids, h.principal)
		}
	}
	sortSet(&ids)
	return ids
}

// holders returns who holds the role: members of a group instead of it.
// Accounts that were deleted are nobody.
func (h held) holders(r *engine.Reading, members map[string][]principal, users map[string]principal) []principal {
	switch h.kind {
	case "user":
		if who, there := users[h.principal]; there {
			return []principal{who}
		}
	case "group":
		return members[h.principal]
	case "serviceprincipal":
		return []principal{{ODataType: typeApplication, ID: h.principal}}
	case "device": // devices act for nobody
	default: // a group of another tenant cannot be read
		r.Strange("principal type", peopleFields...)
	}
	return nil
}

// denial is a deny assignment that takes everything away at the subscription
// (learn.microsoft.com/rest/api/authorization/deny-assignments).
type denial struct{ of, except map[string]bool }

type denyAssignment struct {
	Properties struct {
		Scope                   string
		DoNotApplyToChildScopes bool
		Permissions             []struct{ Actions, NotActions []string }
		Principals              []denyPrincipal
		ExcludePrincipals       []denyPrincipal
	}
}

type denyPrincipal struct{ ID, Type string }

// everyone is the id of all principals in a deny assignment.
const everyone = "00000000-0000-0000-0000-000000000000"

// readDenials reads the deny assignments that make an owner none.
func readDenials(r *engine.Reading) []denial {
	all, err := engine.FetchAll[denyAssignment](r, readDenyAssignments, "/providers/Microsoft.Authorization/denyAssignments", "2022-04-01")
	r.Got(err, ownerFields...)
	var found []denial
	for _, d := range all {
		p := d.Properties
		if p.Scope == "" {
			r.Strange("deny assignment", ownerFields...)
			continue
		}
		whole, where := held{scope: strings.ToLower(p.Scope)}.atOrAbove(r.Row.Subscription)
		if !whole || where != "the subscription" && p.DoNotApplyToChildScopes {
			continue
		}
		for _, permission := range p.Permissions {
			if (role{permissions: []rolePermissions{permission}}).everything() {
				found = append(found, denial{of: idsOf(r, p.Principals), except: idsOf(r, p.ExcludePrincipals)})
			}
		}
	}
	return found
}

// idsOf returns the ids of principals, of groups those of their members too.
func idsOf(r *engine.Reading, of []denyPrincipal) map[string]bool {
	ids := map[string]bool{}
	var groups []string
	for _, p := range of {
		id := strings.ToLower(p.ID)
		ids[id] = true
		if strings.EqualFold(p.Type, "group") {
			groups = append(groups, id)
		}
	}
	members, _ := membersOf(r, groups, ownerFields...)
	for _, group := range members {
		for _, who := range group {
			ids[strings.ToLower(who.ID)] = true
		}
	}
	return ids
}

func (d denial) covers(id string) bool {
	id = strings.ToLower(id)
	return (d.of[everyone] || d.of[id]) && !d.except[id]
}
