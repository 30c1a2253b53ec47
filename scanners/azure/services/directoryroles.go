package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

const (
	readDirectoryRoles    = "Microsoft.Graph/roleManagement/directory/roleAssignments/read"
	readDirectoryEligible = "Microsoft.Graph/roleManagement/directory/roleEligibilityScheduleInstances/read"
)

// DirectoryRoles is what rules may ask of who administers the tenant.
type DirectoryRoles struct {
	GlobalAdmins      int64    `json:"global_admins"`      // people who are global administrators, by groups too, or may activate that
	EligibleAdmins    int64    `json:"eligible_admins"`    // those of them who have to activate it
	AdminApplications int64    `json:"admin_applications"` // applications that are global administrators
	GlobalAdminNames  []string `json:"global_admin_names"` // all of them
}

var directoryRoles = engine.Service{
	Tenant: true,
	Type: scanners.Type{
		Name:    "Microsoft.Graph/directoryRoles",
		Service: "entra",
		Doc:     DirectoryRoles{},
		Calls: []scanners.Call{
			{Op: readDirectoryRoles, Permission: "RoleManagement.Read.Directory", For: globalFields},
			{Op: readDirectoryEligible, Permission: "RoleManagement.Read.Directory", For: globalFields},
			membersCall(globalFields...),
		},
		Console: scanners.Console{Path: "/#view/Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles"},
	},
	Read: readGlobalAdmins,
}

var globalFields = []string{"global_admins", "eligible_admins", "admin_applications", "global_admin_names"}

// globalAdministrator is the template of the role, which is its id in every
// tenant (learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference).
const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// directoryAssignment is a role of the directory that somebody has
// (learn.microsoft.com/graph/api/resources/unifiedroleassignment).
type directoryAssignment struct{ Principal *principal }

func readGlobalAdmins(r *engine.Reading) any {
	r.ID += "/directoryroles/" + globalAdministrator
	doc := &DirectoryRoles{}
	if !r.Wants(globalFields...) {
		return doc
	}
	const of = "?$filter=roleDefinitionId%20eq%20'" + globalAdministrator + "'&$expand=principal"
	active, err := engine.DirectoryAll[directoryAssignment](r, readDirectoryRoles, "/roleManagement/directory/roleAssignments"+of)
	if !r.Got(err, globalFields...) {
		return doc
	}
	eligible, err := engine.DirectoryAll[directoryAssignment](r, readDirectoryEligible, "/roleManagement/directory/roleEligibilityScheduleInstances"+of)
	if unlicensed(err) { // nobody can be eligible then
		err = nil
	}
	if !r.Got(err, globalFields...) {
		return doc
	}
	admins := map[string]principal{}
	isActive := map[string]bool{}
	for i, all := range [][]directoryAssignment{active, eligible} {
		for _, who := range holdersOf(r, all) {
			id := strings.ToLower(who.ID)
			admins[id], isActive[id] = who, isActive[id] || i == 0
		}
	}
	for id, who := range admins {
		doc.GlobalAdminNames = append(doc.GlobalAdminNames, who.DisplayName)
		switch {
		case !who.person():
			doc.AdminApplications++
		case isActive[id]:
			doc.GlobalAdmins++
		default:
			doc.GlobalAdmins++
			doc.EligibleAdmins++
		}
	}
	slices.Sort(doc.GlobalAdminNames)
	return doc
}

// holdersOf returns who holds the role, members of groups instead of them.
func holdersOf(r *engine.Reading, all []directoryAssignment) []principal {
	var holders []principal
	var groups []string
	for _, a := range all {
		var who principal
		if a.Principal != nil {
			who = *a.Principal
		}
		switch who.ODataType {
		case "":
			r.Absent(readDirectoryRoles, globalFields...)
		case typeUser, typeApplication:
			holders = append(holders, who)
		case typeGroup:
			groups = append(groups, strings.ToLower(who.ID))
		default:
			r.Strange("principal type", globalFields...)
		}
	}
	sortSet(&groups)
	members, _ := membersOf(r, groups, globalFields...)
	for _, group := range groups {
		holders = append(holders, members[group]...)
	}
	return holders
}
