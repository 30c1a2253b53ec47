package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EMRBlockPublicAccess is what rules may ask of the setting that keeps clusters of
// a region from starting with open security groups. There is one in every region.
type EMRBlockPublicAccess struct {
	Blocks     bool       `json:"blocks"`     // clusters whose groups are open to the internet do not start
	Exceptions []EMRPorts `json:"exceptions"` // ports that may be open all the same
}

// EMRPorts is a range of ports.
type EMRPorts struct {
	From int64 `json:"from"` // the first port
	To   int64 `json:"to"`   // the last port
}

const emrBlock = "elasticmapreduce:GetBlockPublicAccessConfiguration"

var emrBlockPublicAccess = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EMR::BlockPublicAccess",
		Service: "elasticmapreduce",
		Doc:     EMRBlockPublicAccess{},
		Calls:   []scanners.Call{{Op: emrBlock}},
		Console: scanners.Console{Path: "/emr/home?region={region}#/blockPublicAccess"},
	},
	Scan: scanEMRBlockPublicAccess,
}

func scanEMRBlockPublicAccess(ctx context.Context, p *engine.Place) error {
	var doc EMRBlockPublicAccess
	r := p.Read()
	out, err := emrClient(p).GetBlockPublicAccessConfiguration(ctx, nil)
	switch {
	case !r.Got(err, "blocks", "exceptions"):
	case out.BlockPublicAccessConfiguration == nil:
		r.Absent(emrBlock, "blocks", "exceptions")
	default:
		doc.Blocks = r.Flag(out.BlockPublicAccessConfiguration.BlockPublicSecurityGroupRules, emrBlock, "blocks")
		for _, ports := range out.BlockPublicAccessConfiguration.PermittedPublicSecurityGroupRuleRanges {
			from := aws.ToInt32(ports.MinRange)
			to := from
			if ports.MaxRange != nil {
				to = *ports.MaxRange
			}
			doc.Exceptions = append(doc.Exceptions, EMRPorts{From: int64(from), To: int64(to)})
		}
	}
	r.Emit(p.ARN("elasticmapreduce", "blockpublicaccess"), "EMR block public access in "+p.Region, nil, &doc)
	return nil
}
