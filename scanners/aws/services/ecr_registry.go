package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// ECRRegistryPolicy is what rules may ask of the policy of the account's
// registry in a region, which lets others make repositories and push into them.
type ECRRegistryPolicy struct {
	Public          bool       `json:"public"`           // it lets in whoever has an AWS account
	PublicBy        []string   `json:"public_by"`        // the statements of the policy that do so: by Sid or number, and why
	OtherAccounts   []Admitted `json:"other_accounts"`   // ids of other accounts that it lets in, sorted; "*" for any
	Organizations   []Admitted `json:"organizations"`    // ids of organizations that it lets in, its own account's too, sorted
	OwnOrganization string     `json:"own_organization"` // id of the organization that its account is in, where it lets in one
}

var ecrRegistryPolicies = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ECR::RegistryPolicy",
		Service: "ecr",
		Doc:     ECRRegistryPolicy{},
		Calls:   []scanners.Call{{Op: "ecr:GetRegistryPolicy", For: sharedFields}, ownOrganizationCall("own_organization")},
		Console: scanners.Console{Path: "/ecr/private-registry/permissions?region={region}"},
	},
	Scan: scanECRRegistryPolicy,
}

// scanECRRegistryPolicy emits the one registry, with a policy or without.
func scanECRRegistryPolicy(ctx context.Context, p *engine.Place) error {
	var doc ECRRegistryPolicy
	r := p.Read()
	if r.Wants(sharedFields...) {
		out, err := ecrClient(p).GetRegistryPolicy(ctx, &ecr.GetRegistryPolicyInput{})
		if r.Got(engine.NotConfigured(err, "RegistryPolicyNotFoundException"), sharedFields...) && out != nil {
			ours := readShared(ctx, r, aws.ToString(out.PolicyText), "ecr:GetRegistryPolicy", iampolicy.Ask{Service: "ecr"})
			doc.Public, doc.PublicBy, doc.OtherAccounts = ours.open, ours.by, ours.accounts
			doc.Organizations, doc.OwnOrganization = ours.organizations, ours.ownOrganization
		}
	}
	r.Emit(p.ARN("ecr", "registry-policy"), "registry policy in "+p.Region, nil, &doc)
	return nil
}
