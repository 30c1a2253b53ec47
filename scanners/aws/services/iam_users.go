package services

import (
	"cmp"
	"context"
	"slices"
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
	ConsolePassword    bool      `json:"console_password"`      // can sign in to the console
	MFA                bool      `json:"mfa"`                   // has an MFA device of any kind
	PasswordIdleSince  time.Time `json:"password_idle_since"`   // when the password was last used; when never, since when it is set
	ActiveAccessKeys   int       `json:"active_access_keys"`    // access keys that work
	OldestAccessKey    time.Time `json:"oldest_access_key"`     // when the oldest active access key was made
	AccessKeyIdleSince time.Time `json:"access_key_idle_since"` // last use of the active access key that is unused the longest; when never, since when it exists
	AttachedPolicies   int       `json:"attached_policies"`     // managed policies attached to the user itself
	InlinePolicies     int       `json:"inline_policies"`       // policies inside the user
	Administrator      bool      `json:"administrator"`         // a policy of the user or of its groups allows everything
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
		Calls: []scanners.Call{
			iamDetailsCall,
			{Op: "iam:GenerateCredentialReport", For: reportFields},
			{Op: "iam:GetCredentialReport", For: reportFields},
		},
		Console: scanners.Console{Path: "/iam/home#/users/details/{last}"},
	},
	Scan: scanIAMUsers,
}

func scanIAMUsers(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Users, func(ctx context.Context, p *engine.Place, user types.UserDetail) {
		readIAMUser(ctx, p, user, details, listErr)
	})
	return cmp.Or(listErr, err)
}

func readIAMUser(ctx context.Context, p *engine.Place, user types.UserDetail, details iamDetails, listErr error) {
	r := p.Read()
	doc := IAMUser{AttachedPolicies: len(user.AttachedManagedPolicies), InlinePolicies: len(user.UserPolicyList)}
	administrator := details.userAdministers(user, listErr)
	doc.Administrator = r.Got(administrator.Err, "administrator") && administrator.Yes
	if r.Wants(reportFields...) {
		report, err := credentialReport(ctx, p)
		if r.Got(err, reportFields...) {
			doc.readReport(r, report, aws.ToString(user.Arn))
		}
	}
	r.EmitIn(posture.Global, aws.ToString(user.Arn), aws.ToString(user.UserName), iamTags(user.Tags), &doc)
}

// userAdministers says whether the user's own policies or those of its groups
// allow everything.
func (d iamDetails) userAdministers(user types.UserDetail, listErr error) engine.Answer {
	answers := []engine.Answer{d.administers(user.AttachedManagedPolicies, user.UserPolicyList, listErr)}
	for _, name := range user.GroupList {
		i := slices.IndexFunc(d.Groups, func(group types.GroupDetail) bool { return aws.ToString(group.GroupName) == name })
		if i < 0 {
			answers = append(answers, engine.Answer{Err: cmp.Or(listErr, engine.Malformed("iam:GetAccountAuthorizationDetails", errPolicy))})
			continue
		}
		answers = append(answers, d.administers(d.Groups[i].AttachedManagedPolicies, d.Groups[i].GroupPolicyList, listErr))
	}
	return engine.AnyOf(answers...)
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
