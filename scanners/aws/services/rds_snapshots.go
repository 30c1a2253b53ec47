package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// Only manual snapshots are read: automated ones cannot be shared and take
// their encryption from their database.
const manualSnapshots = "manual"

// RDSSnapshot is what rules may ask of a manual snapshot of an instance or of
// a cluster (Neptune's and DocumentDB's included).
type RDSSnapshot struct {
	Engine    string `json:"engine"`    // the database's engine
	Encrypted bool   `json:"encrypted"` // its data is encrypted at rest
	Public    bool   `json:"public"`    // every AWS account can restore it
}

// Who may restore a snapshot takes a call for each: the listing of public
// snapshots holds those of all AWS accounts.
var rdsSnapshots = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::DBSnapshot",
		Service: "rds",
		Doc:     RDSSnapshot{},
		Calls: []scanners.Call{
			{Op: "rds:DescribeDBSnapshots"},
			{Op: "rds:DescribeDBSnapshotAttributes", Each: true, For: []string{"public"}},
		},
		Console: scanners.Console{Path: "/rds/home?region={region}#db-snapshot:id={name}"},
	},
	Scan: scanRDSSnapshots,
}

var rdsClusterSnapshots = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::DBClusterSnapshot",
		Service: "rds",
		Doc:     RDSSnapshot{},
		Calls: []scanners.Call{
			{Op: "rds:DescribeDBClusterSnapshots"},
			{Op: "rds:DescribeDBClusterSnapshotAttributes", Each: true, For: []string{"public"}},
		},
		Console: scanners.Console{Path: "/rds/home?region={region}#db-snapshot:id={name}"},
	},
	Scan: scanRDSClusterSnapshots,
}

func scanRDSSnapshots(ctx context.Context, p *engine.Place) error {
	pages := rds.NewDescribeDBSnapshotsPaginator(rdsClient(p), &rds.DescribeDBSnapshotsInput{
		SnapshotType: aws.String(manualSnapshots),
		MaxRecords:   aws.Int32(rdsPage),
	})
	return engine.EachListed(ctx, p, pages, func(page *rds.DescribeDBSnapshotsOutput) []types.DBSnapshot { return page.DBSnapshots }, readRDSSnapshot)
}

func readRDSSnapshot(ctx context.Context, p *engine.Place, snapshot types.DBSnapshot) {
	if !arnOwnedHere(p, snapshot.DBSnapshotArn) {
		return
	}
	r := p.Read()
	doc := RDSSnapshot{Engine: aws.ToString(snapshot.Engine), Encrypted: r.Flag(snapshot.Encrypted, "rds:DescribeDBSnapshots", "encrypted")}
	if r.Wants("public") {
		out, err := rdsClient(p).DescribeDBSnapshotAttributes(ctx, &rds.DescribeDBSnapshotAttributesInput{
			DBSnapshotIdentifier: snapshot.DBSnapshotIdentifier,
		})
		if r.Got(err, "public") {
			doc.Public = publicSnapshot(r, out.DBSnapshotAttributesResult)
		}
	}
	r.Emit(aws.ToString(snapshot.DBSnapshotArn), aws.ToString(snapshot.DBSnapshotIdentifier), rdsTags(snapshot.TagList), &doc)
}

func scanRDSClusterSnapshots(ctx context.Context, p *engine.Place) error {
	pages := rds.NewDescribeDBClusterSnapshotsPaginator(rdsClient(p), &rds.DescribeDBClusterSnapshotsInput{
		SnapshotType: aws.String(manualSnapshots),
		MaxRecords:   aws.Int32(rdsPage),
	})
	return engine.EachListed(ctx, p, pages, func(page *rds.DescribeDBClusterSnapshotsOutput) []types.DBClusterSnapshot {
		return page.DBClusterSnapshots
	}, readRDSClusterSnapshot)
}

func readRDSClusterSnapshot(ctx context.Context, p *engine.Place, snapshot types.DBClusterSnapshot) {
	if !arnOwnedHere(p, snapshot.DBClusterSnapshotArn) {
		return
	}
	r := p.Read()
	doc := RDSSnapshot{Engine: aws.ToString(snapshot.Engine), Encrypted: r.Flag(snapshot.StorageEncrypted, "rds:DescribeDBClusterSnapshots", "encrypted")}
	if r.Wants("public") {
		out, err := rdsClient(p).DescribeDBClusterSnapshotAttributes(ctx, &rds.DescribeDBClusterSnapshotAttributesInput{
			DBClusterSnapshotIdentifier: snapshot.DBClusterSnapshotIdentifier,
		})
		if r.Got(err, "public") {
			doc.Public = publicClusterSnapshot(r, out.DBClusterSnapshotAttributesResult)
		}
	}
	r.Emit(aws.ToString(snapshot.DBClusterSnapshotArn), aws.ToString(snapshot.DBClusterSnapshotIdentifier), rdsTags(snapshot.TagList), &doc)
}

// publicSnapshot reports whether everybody may restore an instance's snapshot.
func publicSnapshot(r *engine.Reading, result *types.DBSnapshotAttributesResult) bool {
	if result == nil {
		r.Absent("rds:DescribeDBSnapshotAttributes", "public")
		return false
	}
	return slices.ContainsFunc(result.DBSnapshotAttributes, func(a types.DBSnapshotAttribute) bool {
		return restorableByAll(a.AttributeName, a.AttributeValues)
	})
}

// publicClusterSnapshot reports whether everybody may restore a cluster's snapshot.
func publicClusterSnapshot(r *engine.Reading, result *types.DBClusterSnapshotAttributesResult) bool {
	if result == nil {
		r.Absent("rds:DescribeDBClusterSnapshotAttributes", "public")
		return false
	}
	return slices.ContainsFunc(result.DBClusterSnapshotAttributes, func(a types.DBClusterSnapshotAttribute) bool {
		return restorableByAll(a.AttributeName, a.AttributeValues)
	})
}

// restorableByAll reports whether a snapshot's attribute lets every account restore it.
func restorableByAll(name *string, values []string) bool {
	return aws.ToString(name) == "restore" && slices.Contains(values, "all")
}
