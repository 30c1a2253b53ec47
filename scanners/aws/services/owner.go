package services

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/scanners/aws/engine"
)

// Listings also show what another account owns and shares, by Resource Access
// Manager. It is judged in the account that can change it, never here under an
// ARN of this account.

// ownedHere reports whether the account owns what its answer says is of owner,
// the id of an account. What names no owner is the account's.
func ownedHere(p *engine.Place, owner *string) bool {
	id := aws.ToString(owner)
	return id == "" || id == p.Account
}

// arnOwnedHere does so for what is known by an ARN. An ARN without an account
// is the account's.
func arnOwnedHere(p *engine.Place, arn *string) bool {
	parts := strings.SplitN(aws.ToString(arn), ":", 6)
	return len(parts) < 6 || ownedHere(p, &parts[4])
}
