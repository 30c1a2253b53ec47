package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// RDSAccountQuotas is what rules may ask of the quotas of RDS, Aurora, Neptune and
// DocumentDB in a region. There is one in every region.
type RDSAccountQuotas struct {
	Quotas []RDSQuota `json:"quotas"` // every quota that the service names
}

// RDSQuota is how much of a quota is used.
type RDSQuota struct {
	Name string `json:"name"` // DBInstances, AllocatedStorage, ...
	Used int64  `json:"used"` // how much is in use
	Max  int64  `json:"max"`  // how much may be
}

const rdsAttributes = "rds:DescribeAccountAttributes"

// CloudFormation has no such type: it stands for the quotas of a region together.
var rdsAccountQuotas = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::AccountQuotas",
		Service: "rds",
		Doc:     RDSAccountQuotas{},
		Calls:   []scanners.Call{{Op: rdsAttributes}},
		Console: scanners.Console{Path: "/rds/home?region={region}"},
	},
	Scan: scanRDSAccountQuotas,
}

func scanRDSAccountQuotas(ctx context.Context, p *engine.Place) error {
	var doc RDSAccountQuotas
	r := p.Read()
	out, err := rdsClient(p).DescribeAccountAttributes(ctx, &rds.DescribeAccountAttributesInput{})
	if r.Got(err, "quotas") {
		if len(out.AccountQuotas) == 0 {
			r.Absent(rdsAttributes, "quotas")
		}
		for _, quota := range out.AccountQuotas {
			if quota.Used == nil || quota.Max == nil || aws.ToString(quota.AccountQuotaName) == "" {
				r.Absent(rdsAttributes, "quotas")
			}
			doc.Quotas = append(doc.Quotas, RDSQuota{Name: aws.ToString(quota.AccountQuotaName), Used: aws.ToInt64(quota.Used), Max: aws.ToInt64(quota.Max)})
		}
	}
	r.Emit(p.ARN("rds", "quotas"), "RDS quotas in "+p.Region, nil, &doc)
	return nil
}
