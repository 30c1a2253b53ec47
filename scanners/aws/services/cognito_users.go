package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// CognitoUserPool is what rules may ask of a user pool, in which the users of an
// application are.
type CognitoUserPool struct {
	MFA           string `json:"mfa"`            // ON, OPTIONAL or OFF: whether users need a second factor
	MinimumLength int64  `json:"minimum_length"` // of passwords, in characters
	Uppercase     bool   `json:"uppercase"`      // passwords need capital letters
	Lowercase     bool   `json:"lowercase"`      // they need small letters
	Numbers       bool   `json:"numbers"`        // they need digits
	Symbols       bool   `json:"symbols"`        // they need other characters
}

// ofPasswords holds the fields that a user pool's password policy says.
var ofPasswords = []string{"minimum_length", "uppercase", "lowercase", "numbers", "symbols"}

// ofUserPool holds the fields that a user pool's description says.
var ofUserPool = append([]string{"mfa", "tags"}, ofPasswords...)

var cognitoUserPools = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Cognito::UserPool",
		Service: "cognito-idp",
		Doc:     CognitoUserPool{},
		Calls: []scanners.Call{
			{Op: "cognito-idp:ListUserPools"},
			{Op: "cognito-idp:DescribeUserPool", Each: true, For: slices.Clone(ofUserPool)},
		},
		Console: scanners.Console{Path: "/cognito/v2/idp/user-pools/{last}/overview?region={region}"},
	},
	Scan: scanCognitoUserPools,
}

func cognitoUsersClient(p *engine.Place) *cognitoidentityprovider.Client {
	return engine.Client(p, cognitoidentityprovider.NewFromConfig)
}

func scanCognitoUserPools(ctx context.Context, p *engine.Place) error {
	pages := cognitoidentityprovider.NewListUserPoolsPaginator(cognitoUsersClient(p), &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	return engine.EachListed(ctx, p, pages, func(page *cognitoidentityprovider.ListUserPoolsOutput) []types.UserPoolDescriptionType {
		return page.UserPools
	}, readCognitoUserPool)
}

func readCognitoUserPool(ctx context.Context, p *engine.Place, pool types.UserPoolDescriptionType) {
	var doc CognitoUserPool
	var tags map[string]string
	r := p.Read()
	if r.Wants(ofUserPool...) {
		out, err := cognitoUsersClient(p).DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: pool.Id})
		switch {
		case !r.Got(err, ofUserPool...):
		case out.UserPool == nil:
			r.Absent("cognito-idp:DescribeUserPool", ofUserPool...)
		default:
			doc.readSettings(r, out.UserPool)
			if len(out.UserPool.UserPoolTags) > 0 {
				tags = out.UserPool.UserPoolTags
			}
		}
	}
	r.Emit(p.ARN("cognito-idp", "userpool/"+aws.ToString(pool.Id)), aws.ToString(pool.Name), tags, &doc)
}

func (doc *CognitoUserPool) readSettings(r *engine.Reading, pool *types.UserPoolType) {
	const op = "cognito-idp:DescribeUserPool"
	doc.MFA = string(choice(r, pool.MfaConfiguration, op, "mfa"))
	if pool.Policies == nil || pool.Policies.PasswordPolicy == nil {
		r.Absent(op, ofPasswords...)
		return
	}
	passwords := pool.Policies.PasswordPolicy
	doc.MinimumLength = count(r, passwords.MinimumLength, op, "minimum_length")
	doc.Uppercase, doc.Lowercase = passwords.RequireUppercase, passwords.RequireLowercase
	doc.Numbers, doc.Symbols = passwords.RequireNumbers, passwords.RequireSymbols
}
