package services

import (
	"errors"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// Reads of the directory, each with the application permission of Microsoft
// Graph that it needs.
const (
	readMembers = "Microsoft.Graph/groups/transitiveMembers/read"
	readUsers   = "Microsoft.Graph/users/read"
)

func membersCall(fields ...string) scanners.Call {
	return scanners.Call{Op: readMembers, Permission: "GroupMember.Read.All", Each: true, For: fields}
}

func usersCall(fields ...string) scanners.Call {
	return scanners.Call{Op: readUsers, Permission: "User.Read.All", Each: true, For: fields}
}

// principal is somebody of the directory (learn.microsoft.com/graph/api/resources/user).
type principal struct {
	ODataType         string `json:"@odata.type"`
	ID                string
	DisplayName       string
	UserPrincipalName string
	UserType          string
	AccountEnabled    *bool // nil also where the caller may not read the account
}

// The types that objects of the directory have in listings of several.
const (
	typeUser        = "#microsoft.graph.user"
	typeGroup       = "#microsoft.graph.group"
	typeApplication = "#microsoft.graph.servicePrincipal"
)

// principalFields are those of a principal that are asked for.
const principalFields = "$select=id,displayName,userPrincipalName,userType,accountEnabled"

func (p principal) person() bool { return p.ODataType == typeUser }

// guest reports whether the account is a guest's. One that is older than the
// kinds of users has none, and its name says it.
func (p principal) guest() bool {
	return strings.EqualFold(p.UserType, "guest") || p.UserType == "" && strings.Contains(strings.ToLower(p.UserPrincipalName), "#ext#")
}

// membersOf returns the members of groups, those of groups in them too, by the
// group's id. Where not all are read it marks the fields and returns false.
func membersOf(r *engine.Reading, groups []string, fields ...string) (map[string][]principal, bool) {
	var paths []string
	for _, id := range groups {
		paths = append(paths, "/groups/"+url.PathEscape(id)+"/transitiveMembers?"+principalFields+"&$top=999")
	}
	members, ok := map[string][]principal{}, true
	for i, found := range engine.DirectoryLists[principal](r, readMembers, paths) {
		if errors.Is(found.Err, posture.ErrGone) { // the group was deleted, its assignment stayed
			continue
		}
		ok = r.Got(found.Err, fields...) && ok
		for _, who := range found.Value {
			if who.ODataType == "" || who.ID == "" {
				r.Absent(readMembers, fields...)
				ok = false
			}
			if who.person() || who.ODataType == typeApplication {
				members[groups[i]] = append(members[groups[i]], who)
			}
		}
	}
	return members, ok
}

// usersOf returns users by their ids, without those that were deleted. Where
// not all are read it marks the fields and returns false.
func usersOf(r *engine.Reading, ids []string, fields ...string) (map[string]principal, bool) {
	var paths []string
	for _, id := range ids {
		paths = append(paths, "/users/"+url.PathEscape(id)+"?"+principalFields)
	}
	users, ok := map[string]principal{}, true
	for i, found := range engine.DirectoryObjects[principal](r, readUsers, paths) {
		who := found.Value
		who.ODataType = typeUser
		switch {
		case errors.Is(found.Err, posture.ErrGone):
		case !r.Got(found.Err, fields...):
			ok = false
		case !strings.EqualFold(who.ID, ids[i]):
			r.Absent(readUsers, fields...)
			ok = false
		default:
			users[ids[i]] = who
		}
	}
	return users, ok
}

// unlicensed reports whether a call was refused because the tenant lacks the
// licence for what it asks about.
func unlicensed(err error) bool {
	var answered *azcore.ResponseError
	return errors.As(err, &answered) && answered.ErrorCode == "AadPremiumLicenseRequired"
}
