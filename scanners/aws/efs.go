package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

// EFSFileSystem is what rules may ask of an EFS file system.
type EFSFileSystem struct {
	Encrypted       bool      `json:"encrypted"`        // data at rest is encrypted
	KMSKey          string    `json:"kms_key"`          // ARN of the KMS key that encrypts it; empty when not encrypted
	OneZone         bool      `json:"one_zone"`         // data is kept in a single Availability Zone
	MountZones      int       `json:"mount_zones"`      // Availability Zones that have a mount target
	BackupPolicy    bool      `json:"backup_policy"`    // the file system's automatic backups are on
	Created         time.Time `json:"created"`          // when it was made
	LastBackup      time.Time `json:"last_backup"`      // when AWS Backup last backed it up; the zero time if never
	DeniesPlaintext bool      `json:"denies_plaintext"` // the file system policy denies access without TLS
}

var efsFileSystems = scanner{
	Type: "AWS::EFS::FileSystem",
	Doc:  EFSFileSystem{},
	Calls: []call{
		{Op: "elasticfilesystem:DescribeFileSystems"},
		{Op: "elasticfilesystem:DescribeMountTargets", Each: true, For: []string{"mount_zones"}},
		{Op: "elasticfilesystem:DescribeBackupPolicy", Each: true, For: []string{"backup_policy"}},
		{Op: "elasticfilesystem:DescribeFileSystemPolicy", Each: true, For: []string{"denies_plaintext"}},
		{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
	},
	Scan: scanEFS,
}

func efsClient(p *place) *efs.Client {
	return client(p, func(cfg aws.Config) *efs.Client { return efs.NewFromConfig(cfg) })
}

func scanEFS(ctx context.Context, p *place) error {
	pages := efs.NewDescribeFileSystemsPaginator(efsClient(p), &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(100)})
	return eachPage(ctx, pages, func(page *efs.DescribeFileSystemsOutput) error {
		return each(ctx, p, page.FileSystems, p.readFileSystem)
	})
}

func (p *place) readFileSystem(ctx context.Context, system types.FileSystemDescription) {
	doc := EFSFileSystem{
		Encrypted: aws.ToBool(system.Encrypted),
		KMSKey:    aws.ToString(system.KmsKeyId),
		OneZone:   aws.ToString(system.AvailabilityZoneName) != "",
		Created:   aws.ToTime(system.CreationTime),
	}
	r := p.read()
	id := aws.ToString(system.FileSystemArn)
	if id == "" {
		id = p.arn("elasticfilesystem", "file-system/"+aws.ToString(system.FileSystemId))
	}
	r.readMountZones(ctx, system.FileSystemId, &doc)
	r.readEFSBackupPolicy(ctx, system.FileSystemId, &doc)
	r.readEFSPolicy(ctx, system.FileSystemId, &doc)
	doc.LastBackup = r.readLastBackup(ctx, id)
	tags := tagMap(system.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	name := aws.ToString(system.Name)
	if name == "" {
		name = aws.ToString(system.FileSystemId)
	}
	r.emit(id, name, tags, &doc)
}

func (r *reading) readMountZones(ctx context.Context, id *string, doc *EFSFileSystem) {
	if !r.Wants("mount_zones") {
		return
	}
	pages := efs.NewDescribeMountTargetsPaginator(efsClient(r.place), &efs.DescribeMountTargetsInput{FileSystemId: id, MaxItems: aws.Int32(100)})
	targets, err := listAll(ctx, pages, func(out *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return out.MountTargets })
	if !r.Got(err, "mount_zones") {
		return
	}
	zones := map[string]bool{}
	for _, target := range targets {
		zones[aws.ToString(target.AvailabilityZoneId)] = true
	}
	doc.MountZones = len(zones)
}

func (r *reading) readEFSBackupPolicy(ctx context.Context, id *string, doc *EFSFileSystem) {
	if !r.Wants("backup_policy") {
		return
	}
	out, err := efsClient(r.place).DescribeBackupPolicy(ctx, &efs.DescribeBackupPolicyInput{FileSystemId: id})
	err = notConfigured(err, "PolicyNotFound")
	if r.Got(err, "backup_policy") && out != nil && out.BackupPolicy != nil {
		doc.BackupPolicy = out.BackupPolicy.Status == types.StatusEnabled
	}
}

// readEFSPolicy looks for the statement that denies everyone without TLS. A
// statement that denies mounting is enough: without it nothing else is reached.
func (r *reading) readEFSPolicy(ctx context.Context, id *string, doc *EFSFileSystem) {
	if !r.Wants("denies_plaintext") {
		return
	}
	out, err := efsClient(r.place).DescribeFileSystemPolicy(ctx, &efs.DescribeFileSystemPolicyInput{FileSystemId: id})
	err = notConfigured(err, "PolicyNotFound")
	if !r.Got(err, "denies_plaintext") || out == nil {
		return
	}
	policy, ok := r.policy(aws.ToString(out.Policy), "denies_plaintext")
	for _, s := range policy.Statements {
		if ok && !s.Allow && s.admitsAnyone() && s.onlyInsecure() && matchesAny(s.Action, "elasticfilesystem:clientmount") {
			doc.DeniesPlaintext = true
		}
	}
}
