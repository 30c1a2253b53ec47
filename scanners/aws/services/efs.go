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
	Encrypted       bool       `json:"encrypted"`        // data at rest is encrypted
	KMSKey          string     `json:"kms_key"`          // ARN of the KMS key that encrypts it; empty when not encrypted
	OneZone         bool       `json:"one_zone"`         // data is kept in a single Availability Zone
	MountZones      int        `json:"mount_zones"`      // Availability Zones that have a mount target
	BackupPolicy    bool       `json:"backup_policy"`    // the file system's automatic backups are on
	Replica         bool       `json:"replica"`          // replication from another file system fills it, and nobody else can write to it
	Created         time.Time  `json:"created"`          // when it was made
	LastBackup      time.Time  `json:"last_backup"`      // when AWS Backup last backed it up; the zero time if never
	DeniesPlaintext bool       `json:"denies_plaintext"` // the file system policy denies access without TLS
	Public          bool       `json:"public"`           // the file system policy lets anyone in, from outside of the mount targets too
	PublicBy        []string   `json:"public_by"`        // the statements of the policy that do so: by Sid or number, and why
	OtherAccounts   []Admitted `json:"other_accounts"`   // ids of other accounts that the policy lets in, sorted; "*" for any
	Organizations   []Admitted `json:"organizations"`    // ids of organizations that it lets in, its own account's too, sorted
	OwnOrganization string     `json:"own_organization"` // id of the organization that its account is in, where it lets in one
}

var efsFileSystems = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EFS::FileSystem",
		Service: "efs",
		Doc:     EFSFileSystem{},
		Calls: []scanners.Call{
			ownOrganizationCall("own_organization"),
			{Op: "elasticfilesystem:DescribeFileSystems"},
			{Op: "elasticfilesystem:DescribeMountTargets", Each: true, For: []string{"mount_zones"}},
			{Op: "elasticfilesystem:DescribeBackupPolicy", Each: true, For: []string{"backup_policy"}},
			{Op: "elasticfilesystem:DescribeFileSystemPolicy", Each: true, For: efsPolicyFields},
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
	doc.readPolicy(ctx, r, system.FileSystemId, id)
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

// efsPolicyFields are the fields that a file system policy tells.
var efsPolicyFields = append([]string{"denies_plaintext"}, sharedFields...)

// readPolicy says whom the file system policy lets in, and whether it denies
// everyone without TLS. To deny mounting is enough: without it nothing else is
// reached. Without a policy whoever gets to a mount target is let in, and nobody
// else.
func (doc *EFSFileSystem) readPolicy(ctx context.Context, r *engine.Reading, id *string, arn string) {
	if !r.Wants(efsPolicyFields...) {
		return
	}
	const op = "elasticfilesystem:DescribeFileSystemPolicy"
	out, err := efsClient(r.Place).DescribeFileSystemPolicy(ctx, &efs.DescribeFileSystemPolicyInput{FileSystemId: id})
	err = engine.NotConfigured(err, "PolicyNotFound")
	if !r.Got(err, efsPolicyFields...) || out == nil {
		return
	}
	ask := iampolicy.Ask{Service: "elasticfilesystem", Resource: arn}
	ours := readShared(ctx, r, aws.ToString(out.Policy), op, ask)
	doc.Public, doc.PublicBy, doc.OtherAccounts = ours.open, ours.by, ours.accounts
	doc.Organizations, doc.OwnOrganization = ours.organizations, ours.ownOrganization
	policy, ok := readPolicy(r, aws.ToString(out.Policy), from(op, "denies_plaintext"))
	ask.Actions = []string{"elasticfilesystem:ClientMount"}
	doc.DeniesPlaintext = ok && iampolicy.DeniesInsecureTransport(policy, ask)
}
