package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// IAMGroup is what rules may ask of a group of users.
type IAMGroup struct {
	Members         int             `json:"members"`          // users in it
	InlinePolicies  int             `json:"inline_policies"`  // policies inside the group
	Administrator   bool            `json:"administrator"`    // its policies allow everything
	AdministratorBy []string        `json:"administrator_by"` // the statements that do so, each with its policy
	Escalates       []IAMEscalation `json:"escalates"`        // ways in which its holder can get more, and where there are none the roles with more that it may take; none for an administrator
}

var iamGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::Group",
		Service: "iam",
		Doc:     IAMGroup{},
		Global:  true,
		Calls:   append(grantCalls(), iamDetailsCall),
		Console: scanners.Console{Path: "/iam/home#/groups/details/{last}"},
	},
	Scan: scanIAMGroups,
}

// scanIAMGroups counts members by what the listing of users tells of them; a
// group without any, in a listing that broke off, has an unknown number.
func scanIAMGroups(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Groups, func(ctx context.Context, p *engine.Place, group types.GroupDetail) {
		r := p.Read()
		doc := IAMGroup{InlinePolicies: len(group.GroupPolicyList)}
		for _, user := range details.Users {
			if slices.Contains(user.GroupList, aws.ToString(group.GroupName)) {
				doc.Members++
			}
		}
		r.Got(listErr, "members")
		if r.Wants(grantFields...) {
			power := readIAMAccess(ctx, p).readAccess(r, holdingOfGroup(group))
			doc.Administrator, doc.AdministratorBy, doc.Escalates = power.administrator, power.by, power.escalates
		}
		r.EmitIn(posture.Global, aws.ToString(group.Arn), aws.ToString(group.GroupName), nil, &doc)
	})
	return cmp.Or(listErr, err)
}
