package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// CognitoIdentityPool is what rules may ask of an identity pool, which gives users of
// an application credentials of AWS.
type CognitoIdentityPool struct {
	Guests bool `json:"guests"` // it gives them to whoever asks, signed in or not
}

var cognitoIdentityPools = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Cognito::IdentityPool",
		Service: "cognito-identity",
		Doc:     CognitoIdentityPool{},
		Calls: []scanners.Call{
			{Op: "cognito-identity:ListIdentityPools"},
			{Op: "cognito-identity:DescribeIdentityPool", Each: true, For: []string{"guests", "tags"}},
		},
		Console: scanners.Console{Path: "/cognito/v2/identity/identity-pools/{pool}/user-statistics?region={region}", Words: identityPoolWords},
	},
	Scan: scanCognitoIdentityPools,
}

// identityPoolWords returns a pool's id, in which a colon follows its region.
func identityPoolWords(r posture.Resource) map[string]string {
	_, id, _ := strings.Cut(r.ID, ":identitypool/")
	return map[string]string{"pool": id}
}

func cognitoIdentityClient(p *engine.Place) *cognitoidentity.Client {
	return engine.Client(p, cognitoidentity.NewFromConfig)
}

func scanCognitoIdentityPools(ctx context.Context, p *engine.Place) error {
	pages := cognitoidentity.NewListIdentityPoolsPaginator(cognitoIdentityClient(p), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(60)})
	return engine.EachListed(ctx, p, pages, func(page *cognitoidentity.ListIdentityPoolsOutput) []types.IdentityPoolShortDescription {
		return page.IdentityPools
	}, readCognitoIdentityPool)
}

func readCognitoIdentityPool(ctx context.Context, p *engine.Place, pool types.IdentityPoolShortDescription) {
	var doc CognitoIdentityPool
	var tags map[string]string
	r := p.Read()
	if r.Wants("guests", "tags") {
		out, err := cognitoIdentityClient(p).DescribeIdentityPool(ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: pool.IdentityPoolId})
		if r.Got(err, "guests", "tags") {
			doc.Guests = out.AllowUnauthenticatedIdentities
			if len(out.IdentityPoolTags) > 0 {
				tags = out.IdentityPoolTags
			}
		}
	}
	r.Emit(p.ARN("cognito-identity", "identitypool/"+aws.ToString(pool.IdentityPoolId)), aws.ToString(pool.IdentityPoolName), tags, &doc)
}
