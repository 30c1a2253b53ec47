package aws

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// EBSVolume is what rules may ask of a volume.
type EBSVolume struct {
	Encrypted    bool      `json:"encrypted"`     // its data is encrypted at rest
	Attached     bool      `json:"attached"`      // an instance uses it
	Created      time.Time `json:"created"`       // when it was made
	LastSnapshot time.Time `json:"last_snapshot"` // when its newest completed snapshot was begun; the zero time: it has none
	LastBackup   time.Time `json:"last_backup"`   // when AWS Backup last backed it up; the zero time: never
}

var ebsVolumes = scanner{
	Type: "AWS::EC2::Volume",
	Doc:  EBSVolume{},
	Calls: []call{
		{Op: "ec2:DescribeVolumes"},
		{Op: "ec2:DescribeSnapshots", For: []string{"last_snapshot"}},
		{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
	},
	Scan: scanEBSVolumes,
}

func scanEBSVolumes(ctx context.Context, p *place) error {
	pages := ec2.NewDescribeVolumesPaginator(ec2Client(p), &ec2.DescribeVolumesInput{MaxResults: aws.Int32(ec2Page)})
	return eachPage(ctx, pages, func(page *ec2.DescribeVolumesOutput) error {
		return each(ctx, p, page.Volumes, p.readEBSVolume)
	})
}

func (p *place) readEBSVolume(ctx context.Context, volume types.Volume) {
	r := p.read()
	doc := EBSVolume{
		Encrypted: aws.ToBool(volume.Encrypted),
		Attached:  volume.State == types.VolumeStateInUse,
		Created:   aws.ToTime(volume.CreateTime).UTC(),
	}
	if r.Wants("last_snapshot") {
		newest, err := newestEBSSnapshots(ctx, p)
		if r.Got(err, "last_snapshot") {
			doc.LastSnapshot = newest[aws.ToString(volume.VolumeId)]
		}
	}
	id := p.arn("ec2", "volume/"+aws.ToString(volume.VolumeId))
	doc.LastBackup = r.readLastBackup(ctx, id)
	tags, name := ec2Tags(volume.Tags)
	r.emit(id, name, tags, &doc)
}

// EBSSnapshot is what rules may ask of a snapshot that the account owns.
type EBSSnapshot struct {
	Encrypted bool `json:"encrypted"` // its data is encrypted at rest
	Public    bool `json:"public"`    // every AWS account can make a volume from it
}

var ebsSnapshots = scanner{
	Type:  "AWS::EC2::Snapshot",
	Doc:   EBSSnapshot{},
	Calls: []call{{Op: "ec2:DescribeSnapshots"}},
	Scan:  scanEBSSnapshots,
}

func scanEBSSnapshots(ctx context.Context, p *place) error {
	snapshots, err := ownEBSSnapshots(ctx, p)
	if ended := each(ctx, p, snapshots, p.readEBSSnapshot); ended != nil {
		return ended
	}
	return err
}

func (p *place) readEBSSnapshot(ctx context.Context, snapshot types.Snapshot) {
	r := p.read()
	doc := EBSSnapshot{Encrypted: aws.ToBool(snapshot.Encrypted)}
	id := aws.ToString(snapshot.SnapshotId)
	if r.Wants("public") {
		public, err := publicEBSSnapshots(ctx, p)
		if r.Got(err, "public") {
			doc.Public = public[id]
		}
	}
	tags, name := ec2Tags(snapshot.Tags)
	r.emit(p.arn("ec2", "snapshot/"+id), name, tags, &doc)
}

// ownEBSSnapshots lists the snapshots that the account owns, once per region.
func ownEBSSnapshots(ctx context.Context, p *place) ([]types.Snapshot, error) {
	return memo(p, "ec2 snapshots", func() ([]types.Snapshot, error) {
		return listEBSSnapshots(ctx, p, nil)
	})
}

// publicEBSSnapshots returns the ids of the account's snapshots that everyone
// can restore: one listing per region instead of one call per snapshot.
func publicEBSSnapshots(ctx context.Context, p *place) (map[string]bool, error) {
	return memo(p, "ec2 public snapshots", func() (map[string]bool, error) {
		snapshots, err := listEBSSnapshots(ctx, p, []string{"all"})
		public := map[string]bool{}
		for _, snapshot := range snapshots {
			public[aws.ToString(snapshot.SnapshotId)] = true
		}
		return public, err
	})
}

func listEBSSnapshots(ctx context.Context, p *place, restorableBy []string) ([]types.Snapshot, error) {
	pages := ec2.NewDescribeSnapshotsPaginator(ec2Client(p), &ec2.DescribeSnapshotsInput{
		MaxResults:          aws.Int32(ec2Page),
		OwnerIds:            []string{"self"},
		RestorableByUserIds: restorableBy,
	})
	return listAll(ctx, pages, func(page *ec2.DescribeSnapshotsOutput) []types.Snapshot {
		return slices.DeleteFunc(page.Snapshots, func(s types.Snapshot) bool {
			owner := aws.ToString(s.OwnerId)
			return owner != "" && owner != p.id // not asked for, but emulators list it
		})
	})
}

// newestEBSSnapshots returns when the newest completed snapshot of each volume was begun.
func newestEBSSnapshots(ctx context.Context, p *place) (map[string]time.Time, error) {
	return memo(p, "ec2 newest snapshots", func() (map[string]time.Time, error) {
		snapshots, err := ownEBSSnapshots(ctx, p)
		newest := map[string]time.Time{}
		for _, snapshot := range snapshots {
			volume, begun := aws.ToString(snapshot.VolumeId), aws.ToTime(snapshot.StartTime).UTC()
			if snapshot.State == types.SnapshotStateCompleted && begun.After(newest[volume]) {
				newest[volume] = begun
			}
		}
		return newest, err
	})
}
