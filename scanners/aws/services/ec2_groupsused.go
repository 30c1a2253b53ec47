package services

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/scanners/aws/engine"
)

// readGroupUsed reports whether something uses a security group. Where not all
// that could was listed, one that nothing seems to use is unread.
func readGroupUsed(ctx context.Context, r *engine.Reading, id string) bool {
	if !r.Wants("used") {
		return false
	}
	used, err := ec2GroupsUsed(ctx, r.Place)
	if !used[id] {
		r.Got(err, "used")
	}
	return used[id]
}

// ec2GroupsUsed returns the ids of the security groups that network interfaces
// have, or that rules of others name.
func ec2GroupsUsed(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p, "ec2 security groups used", func() (map[string]bool, error) {
		used := map[string]bool{}
		groups, unlisted := ec2SecurityGroupList(ctx, p)
		for _, group := range groups {
			for _, permission := range slices.Concat(group.IpPermissions, group.IpPermissionsEgress) {
				for _, named := range permission.UserIdGroupPairs {
					if id := aws.ToString(named.GroupId); id != aws.ToString(group.GroupId) {
						used[id] = true
					}
				}
			}
		}
		faces, err := interfaceList(ctx, p)
		maps.Copy(used, faces.groups)
		return used, cmp.Or(err, unlisted)
	})
}
