package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EBSEncryptionByDefault is what rules may ask of a region's default for new
// volumes. There is one in every region.
type EBSEncryptionByDefault struct {
	Enabled bool `json:"enabled"` // new volumes and copies of snapshots are encrypted
}

// CloudFormation has no type for this setting; its name here follows the API's.
var ebsEncryptionByDefault = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::EBSEncryptionByDefault",
		Service: "ec2",
		Doc:     EBSEncryptionByDefault{},
		Calls:   []scanners.Call{{Op: "ec2:GetEbsEncryptionByDefault", For: []string{"enabled"}}},
		Console: scanners.Console{Path: "/ec2/home?region={region}#Settings:tab=dataProtectionAndSecurity"},
	},
	Scan: scanEBSEncryptionByDefault,
}

func scanEBSEncryptionByDefault(ctx context.Context, p *engine.Place) error {
	var doc EBSEncryptionByDefault
	r := p.Read()
	if r.Wants("enabled") {
		out, err := ec2Client(p).GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
		if r.Got(err, "enabled") {
			doc.Enabled = r.Flag(out.EbsEncryptionByDefault, "ec2:GetEbsEncryptionByDefault", "enabled")
		}
	}
	r.Emit(p.ARN("ec2", "ebs-encryption-by-default"), "EBS encryption by default in "+p.Region, nil, &doc)
	return nil
}

// EC2SnapshotBlockPublicAccess is what rules may ask of a region's block on
// sharing snapshots with everyone. There is one in every region.
type EC2SnapshotBlockPublicAccess struct {
	BlocksNew bool `json:"blocks_new"` // no further snapshot can be shared with everyone
	BlocksAll bool `json:"blocks_all"` // nor are those that are shared already
}

var ec2SnapshotBlockPublicAccess = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::SnapshotBlockPublicAccess",
		Service: "ec2",
		Doc:     EC2SnapshotBlockPublicAccess{},
		Calls:   []scanners.Call{{Op: "ec2:GetSnapshotBlockPublicAccessState", For: []string{"blocks_new", "blocks_all"}}},
		Console: scanners.Console{Path: "/ec2/home?region={region}#Settings:tab=dataProtectionAndSecurity"},
	},
	Scan: scanEC2SnapshotBlockPublicAccess,
}

func scanEC2SnapshotBlockPublicAccess(ctx context.Context, p *engine.Place) error {
	var doc EC2SnapshotBlockPublicAccess
	r := p.Read()
	if r.Wants("blocks_new", "blocks_all") {
		out, err := ec2Client(p).GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
		if r.Got(err, "blocks_new", "blocks_all") {
			state := choice(r, out.State, "ec2:GetSnapshotBlockPublicAccessState", "blocks_new", "blocks_all")
			doc.BlocksAll = state == types.SnapshotBlockPublicAccessStateBlockAllSharing
			doc.BlocksNew = doc.BlocksAll || state == types.SnapshotBlockPublicAccessStateBlockNewSharing
		}
	}
	r.Emit(p.ARN("ec2", "snapshot-block-public-access"), "public snapshot sharing in "+p.Region, nil, &doc)
	return nil
}
