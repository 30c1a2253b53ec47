package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// EFSFileSystem is what rules may ask of an EFS file system.
type EFSFileSystem struct {
	Encrypted       bool      `json:"encrypted"`        // data at rest is encrypted
	KMSKey          string    `json:"kms_key"`          // ARN of the KMS key that encrypts it; empty when not encrypted
	OneZone         bool      `json:"one_zone"`         // data is kept in a single Availability Zone
	MountZones      int       `json:"mount_zones"`      // Availability Zones that have a mount target
	BackupPolicy    bool      `json:"backup_policy"`    // the file system's automatic backups are on
	Replica         bool      `json:"replica"`          // replication from another file system fills it, and nobody else can write to it
	Created         time.Time `json:"created"`          // when it was made
	LastBackup      time.Time `json:"last_backup"`      // when AWS Backup last backed it up; the zero time if never
	DeniesPlaintext bool      `json:"denies_plaintext"` // the file system policy denies access without TLS
}

var efsFileSystems = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EFS::FileSystem",
		Service: "efs",
		Doc:     EFSFileSystem{},
		Calls: []scanners.Call{
			{Op: "elasticfilesystem:DescribeFileSystems"},
			{Op: "elasticfilesystem:DescribeMountTargets", Each: true, For: []string{"mount_zones"}},
			{Op: "elasticfilesystem:DescribeBackupPolicy", Each: true, For: []string{"backup_policy"}},
			{Op: "elasticfilesystem:DescribeFileSystemPolicy", Each: true, For: []string{"denies_plaintext"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		},
		Console: scanners.Console{Path: "/efs/home?region={region}#/file-systems/{last}"},
	},
	Scan: scanEFS,
}

func efsClient(p *engine.Place) *efs.Client { return engine.Client(p, efs.NewFromConfig) }

func scanEFS(ctx context.Context, p *engine.Place) error {
	pages := efs.NewDescribeFileSystemsPaginator(efsClient(p), &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *efs.DescribeFileSystemsOutput) []types.FileSystemDescription { return page.FileSystems }, readFileSystem)
}

func readFileSystem(ctx context.Context, p *engine.Place, system types.FileSystemDescription) {
	if !ownedHere(p, system.OwnerId) {
		return
	}
	r := p.Read()
	doc := EFSFileSystem{
		Encrypted: r.Flag(system.Encrypted, "elasticfilesystem:DescribeFileSystems", "encrypted"),
		KMSKey:    aws.ToString(system.KmsKeyId),
		Replica:   isReplicaFileSystem(system),
		OneZone:   aws.ToString(system.AvailabilityZoneName) != "",
		Created:   readCreated(r, system.CreationTime, "elasticfilesystem:DescribeFileSystems"),
	}
	id := aws.ToString(system.FileSystemArn)
	if id == "" {
		id = p.ARN("elasticfilesystem", "file-system/"+aws.ToString(system.FileSystemId))
	}
	readMountZones(ctx, r, system.FileSystemId, &doc)
	readEFSBackupPolicy(ctx, r, system.FileSystemId, &doc)
	doc.DeniesPlaintext = readEFSPolicy(ctx, r, system.FileSystemId, id)
	doc.LastBackup = readLastBackup(ctx, r, id)
	tags := engine.Tags(system.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	name := aws.ToString(system.Name)
	if name == "" {
		name = aws.ToString(system.FileSystemId)
	}
	r.Emit(id, name, tags, &doc)
}

// isReplicaFileSystem reports whether a file system is the destination of a replication.
func isReplicaFileSystem(system types.FileSystemDescription) bool {
	protection := system.FileSystemProtection
	return protection != nil && protection.ReplicationOverwriteProtection == types.ReplicationOverwriteProtectionReplicating
}

func readMountZones(ctx context.Context, r *engine.Reading, id *string, doc *EFSFileSystem) {
	if !r.Wants("mount_zones") {
		return
	}
	pages := efs.NewDescribeMountTargetsPaginator(efsClient(r.Place), &efs.DescribeMountTargetsInput{FileSystemId: id, MaxItems: aws.Int32(100)})
	targets, err := engine.ListAll(ctx, pages, func(out *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return out.MountTargets })
	if !r.Got(err, "mount_zones") {
		return
	}
	zones := map[string]bool{}
	for _, target := range targets {
		zones[aws.ToString(target.AvailabilityZoneId)] = true
	}
	doc.MountZones = len(zones)
}

func readEFSBackupPolicy(ctx context.Context, r *engine.Reading, id *string, doc *EFSFileSystem) {
	if !r.Wants("backup_policy") {
		return
	}
	out, err := efsClient(r.Place).DescribeBackupPolicy(ctx, &efs.DescribeBackupPolicyInput{FileSystemId: id})
	err = engine.NotConfigured(err, "PolicyNotFound")
	switch {
	case !r.Got(err, "backup_policy") || out == nil:
	case out.BackupPolicy == nil:
		r.Absent("elasticfilesystem:DescribeBackupPolicy", "backup_policy")
	default:
		doc.BackupPolicy = choice(r, out.BackupPolicy.Status, "elasticfilesystem:DescribeBackupPolicy", "backup_policy") == types.StatusEnabled
	}
}

// readEFSPolicy looks for what denies everyone without TLS. To deny mounting
// is enough: without it nothing else is reached.
func readEFSPolicy(ctx context.Context, r *engine.Reading, id *string, arn string) bool {
	if !r.Wants("denies_plaintext") {
		return false
	}
	out, err := efsClient(r.Place).DescribeFileSystemPolicy(ctx, &efs.DescribeFileSystemPolicyInput{FileSystemId: id})
	err = engine.NotConfigured(err, "PolicyNotFound")
	if !r.Got(err, "denies_plaintext") || out == nil {
		return false
	}
	policy, ok := readPolicy(r, aws.ToString(out.Policy), from("elasticfilesystem:DescribeFileSystemPolicy", "denies_plaintext"))
	return ok && iampolicy.DeniesInsecureTransport(policy, iampolicy.Ask{
		Service: "elasticfilesystem", Actions: []string{"elasticfilesystem:ClientMount"}, Resource: arn,
	})
}
