package services

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EBSVolume is what rules may ask of a volume.
type EBSVolume struct {
	Encrypted    bool      `json:"encrypted"`     // its data is encrypted at rest
	Attached     bool      `json:"attached"`      // an instance uses it
	Created      time.Time `json:"created"`       // when it was made
	LastSnapshot time.Time `json:"last_snapshot"` // when its newest completed snapshot was begun; the zero time: it has none
	LastBackup   time.Time `json:"last_backup"`   // when AWS Backup last backed it up, alone or with its instance; the zero time: never
	Managed      bool      `json:"managed"`       // a service of AWS operates it (EKS Auto Mode, ECS), and nobody else can change it
	Replaceable  bool      `json:"replaceable"`   // its instance is of an Auto Scaling group, and it is deleted with it
}

var ebsVolumes = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::Volume",
		Service: "ec2",
		Doc:     EBSVolume{},
		Calls: []scanners.Call{
			{Op: "ec2:DescribeVolumes"},
			{Op: "ec2:DescribeSnapshots", For: []string{"last_snapshot"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
			{Op: "autoscaling:DescribeAutoScalingGroups", For: []string{"replaceable"}},
		},
		Console: scanners.Console{Path: "/ec2/home?region={region}#VolumeDetails:volumeId={last}"},
	},
	Scan: scanEBSVolumes,
}

func scanEBSVolumes(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeVolumesPaginator(ec2Client(p), &ec2.DescribeVolumesInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeVolumesOutput) []types.Volume { return page.Volumes }, readEBSVolume)
}

func readEBSVolume(ctx context.Context, p *engine.Place, volume types.Volume) {
	if !ownedHere(p, volume.OwnerId) {
		return
	}
	r := p.Read()
	doc := EBSVolume{
		Encrypted: r.Flag(volume.Encrypted, "ec2:DescribeVolumes", "encrypted"),
		Attached:  choice(r, volume.State, "ec2:DescribeVolumes", "attached") == types.VolumeStateInUse,
		Managed:   ec2Managed(volume.Operator),
		Created:   readCreated(r, volume.CreateTime, "ec2:DescribeVolumes"),
	}
	if r.Wants("last_snapshot") {
		newest, err := newestEBSSnapshots(ctx, p)
		if r.Got(err, "last_snapshot") {
			doc.LastSnapshot = newest[aws.ToString(volume.VolumeId)]
		}
	}
	id := p.ARN("ec2", "volume/"+aws.ToString(volume.VolumeId))
	backedUp := []string{id}
	for _, attachment := range volume.Attachments {
		backedUp = append(backedUp, p.ARN("ec2", "instance/"+aws.ToString(attachment.InstanceId)))
	}
	doc.LastBackup = readLastBackup(ctx, r, backedUp...)
	doc.Replaceable = isReplaceable(ctx, r, volume.Attachments)
	tags, name := ec2Tags(volume.Tags)
	r.Emit(id, name, tags, &doc)
}

// isReplaceable reports whether a volume is deleted with an instance that an
// Auto Scaling group replaces.
func isReplaceable(ctx context.Context, r *engine.Reading, attachments []types.VolumeAttachment) bool {
	const field = "replaceable"
	if len(attachments) == 0 || !r.Wants(field) {
		return false
	}
	members, err := autoScalingMembers(ctx, r.Place)
	for _, attachment := range attachments {
		if aws.ToBool(attachment.DeleteOnTermination) && members[aws.ToString(attachment.InstanceId)] {
			return true
		}
	}
	r.Got(err, field)
	return false
}

// EBSSnapshot is what rules may ask of a snapshot that the account owns.
type EBSSnapshot struct {
	Encrypted bool `json:"encrypted"` // its data is encrypted at rest
	Public    bool `json:"public"`    // every AWS account can make a volume from it
}

var ebsSnapshots = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::Snapshot",
		Service: "ec2",
		Doc:     EBSSnapshot{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeSnapshots"}},
		Console: scanners.Console{Path: "/ec2/home?region={region}#SnapshotDetails:snapshotId={last}"},
	},
	Scan: scanEBSSnapshots,
}

func scanEBSSnapshots(ctx context.Context, p *engine.Place) error {
	snapshots, err := ownEBSSnapshots(ctx, p)
	if ended := engine.Each(ctx, p, snapshots, readEBSSnapshot); ended != nil {
		return ended
	}
	return err
}

func readEBSSnapshot(ctx context.Context, p *engine.Place, snapshot types.Snapshot) {
	r := p.Read()
	doc := EBSSnapshot{Encrypted: r.Flag(snapshot.Encrypted, "ec2:DescribeSnapshots", "encrypted")}
	id := aws.ToString(snapshot.SnapshotId)
	if r.Wants("public") {
		public, err := publicEBSSnapshots(ctx, p)
		if r.Got(err, "public") {
			doc.Public = public[id]
		}
	}
	tags, name := ec2Tags(snapshot.Tags)
	r.Emit(p.ARN("ec2", "snapshot/"+id), name, tags, &doc)
}

// ownEBSSnapshots lists the snapshots that the account owns, once per region.
func ownEBSSnapshots(ctx context.Context, p *engine.Place) ([]types.Snapshot, error) {
	return engine.Once(p, "ec2 snapshots", func() ([]types.Snapshot, error) {
		return listEBSSnapshots(ctx, p, nil)
	})
}

// publicEBSSnapshots returns the ids of the account's snapshots that everyone
// can restore: one listing per region instead of one call per snapshot.
func publicEBSSnapshots(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p, "ec2 public snapshots", func() (map[string]bool, error) {
		snapshots, err := listEBSSnapshots(ctx, p, []string{"all"})
		public := map[string]bool{}
		for _, snapshot := range snapshots {
			public[aws.ToString(snapshot.SnapshotId)] = true
		}
		return public, err
	})
}

func listEBSSnapshots(ctx context.Context, p *engine.Place, restorableBy []string) ([]types.Snapshot, error) {
	pages := ec2.NewDescribeSnapshotsPaginator(ec2Client(p), &ec2.DescribeSnapshotsInput{
		MaxResults:          aws.Int32(ec2Page),
		OwnerIds:            []string{"self"},
		RestorableByUserIds: restorableBy,
	})
	return engine.ListAll(ctx, pages, func(page *ec2.DescribeSnapshotsOutput) []types.Snapshot {
		return slices.DeleteFunc(page.Snapshots, func(s types.Snapshot) bool {
			return !ownedHere(p, s.OwnerId) // not asked for, but emulators list it
		})
	})
}

// newestEBSSnapshots returns when the newest completed snapshot of each volume was begun.
func newestEBSSnapshots(ctx context.Context, p *engine.Place) (map[string]time.Time, error) {
	return engine.Once(p, "ec2 newest snapshots", func() (map[string]time.Time, error) {
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
