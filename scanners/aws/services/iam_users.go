package services

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// IAMUser is what rules may ask of a user. What the credential report tells
// can be four hours old: AWS makes no newer one. A time that there is none of
// is zero.
type IAMUser struct {
	ConsolePassword    bool            `json:"console_password"`      // can sign in to the console
	MFA                bool            `json:"mfa"`                   // has an MFA device of any kind
	PasswordIdleSince  time.Time       `json:"password_idle_since"`   // when the password was last used; when never, since when it is set
	ActiveAccessKeys   int             `json:"active_access_keys"`    // access keys that work
	OldestAccessKey    time.Time       `json:"oldest_access_key"`     // when the oldest active access key was made
	AccessKeyIdleSince time.Time       `json:"access_key_idle_since"` // last use of the active access key that is unused the longest; when never, since when it exists
	AttachedPolicies   int             `json:"attached_policies"`     // managed policies attached to the user itself
	InlinePolicies     int             `json:"inline_policies"`       // policies inside the user
	Administrator      bool            `json:"administrator"`         // the policies of the user and of its groups allow everything
	AdministratorBy    []string        `json:"administrator_by"`      // the statements that do so, each with its policy
	Escalates          []IAMEscalation `json:"escalates"`             // ways in which its holder can get more, and where there are none the roles with more that it may take; none for an administrator
}

// reportFields are the fields that come from the credential report.
var reportFields = []string{
	"console_password", "mfa", "password_idle_since", "active_access_keys", "oldest_access_key", "access_key_idle_since",
}

var iamUsers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::User",
		Service: "iam",
		Doc:     IAMUser{},
		Global:  true,
		Calls: append(grantCalls(),
			iamDetailsCall,
			scanners.Call{Op: "iam:GenerateCredentialReport", For: reportFields},
			scanners.Call{Op: "iam:GetCredentialReport", For: reportFields},
		),
		Console: scanners.Console{Path: "/iam/home#/users/details/{last}"},
	},
	Scan: scanIAMUsers,
}

func scanIAMUsers(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Users, readIAMUser)
	return cmp.Or(listErr, err)
}

func readIAMUser(ctx context.Context, p *engine.Place, user types.UserDetail) {
	r := p.Read()
	doc := IAMUser{AttachedPolicies: len(user.AttachedManagedPolicies), InlinePolicies: len(user.UserPolicyList)}
	if r.Wants(grantFields...) {
		power := readIAMAccess(ctx, p).readAccess(r, holdingOfUser(user))
		doc.Administrator, doc.AdministratorBy, doc.Escalates = power.administrator, power.by, power.escalates
	}
	if r.Wants(reportFields...) {
		report, err := credentialReport(ctx, p)
		if r.Got(err, reportFields...) {
			doc.readReport(r, report, aws.ToString(user.Arn))
		}
	}
	r.EmitIn(posture.Global, aws.ToString(user.Arn), aws.ToString(user.UserName), iamTags(user.Tags), &doc)
}

// readReport takes over what the credential report tells of the user. A user
// who is younger than the report is not in it.
func (u *IAMUser) readReport(r *engine.Reading, report map[string]credentials, userARN string) {
	held, listed := report[userARN]
	if !listed {
		r.Mark(notListed("iam:GetCredentialReport"), reportFields...)
		return
	}
	if !r.Got(held.err, reportFields...) {
		return
	}
	u.ConsolePassword, u.MFA = held.password, held.mfa
	if held.password {
		u.PasswordIdleSince = held.passwordIdleSince
	}
	for _, key := range held.activeKeys {
		u.ActiveAccessKeys++
		u.OldestAccessKey = earlier(u.OldestAccessKey, key.made)
		u.AccessKeyIdleSince = earlier(u.AccessKeyIdleSince, key.idleSince)
	}
}

// earlier returns the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
