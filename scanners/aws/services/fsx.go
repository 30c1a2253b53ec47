package services

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// FSxFileSystem is what rules may ask of a file system of FSx.
type FSxFileSystem struct {
	Kind          string    `json:"kind"`           // WINDOWS, LUSTRE, ONTAP or OPENZFS
	CannotBackUp  bool      `json:"cannot_back_up"` // it is for scratch data or linked to S3, of which FSx makes no backups, or has no volume with data
	AutomaticDays int64     `json:"automatic_days"` // how long automatic daily backups are kept; 0: none are made
	Created       time.Time `json:"created"`        // when it was made
	LastBackup    time.Time `json:"last_backup"`    // when AWS Backup last backed it up, or the volume of ONTAP for which that is longest ago; the zero time if never, or where automatic backups are on
}

var fsxFileSystems = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::FSx::FileSystem",
		Service: "fsx",
		Doc:     FSxFileSystem{},
		Calls: []scanners.Call{
			{Op: "fsx:DescribeFileSystems"},
			{Op: "fsx:DescribeDataRepositoryAssociations", For: []string{"cannot_back_up"}},
			{Op: "fsx:DescribeVolumes", For: []string{"cannot_back_up", "last_backup"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		},
		Console: scanners.Console{Path: "/fsx/home?region={region}#file-system-details/{last}"},
	},
	Scan: scanFSxFileSystems,
}

const fsxPage = 100 // the most that one page of FSx holds

func fsxClient(p *engine.Place) *fsx.Client { return engine.Client(p, fsx.NewFromConfig) }

func scanFSxFileSystems(ctx context.Context, p *engine.Place) error {
	pages := fsx.NewDescribeFileSystemsPaginator(fsxClient(p), &fsx.DescribeFileSystemsInput{MaxResults: aws.Int32(fsxPage)})
	return engine.EachListed(ctx, p, pages, func(page *fsx.DescribeFileSystemsOutput) []types.FileSystem { return page.FileSystems }, readFSxFileSystem)
}

func readFSxFileSystem(ctx context.Context, p *engine.Place, system types.FileSystem) {
	const op = "fsx:DescribeFileSystems"
	if !arnOwnedHere(p, system.ResourceARN) || system.Lifecycle == types.FileSystemLifecycleDeleting {
		return
	}
	r := p.Read()
	doc := FSxFileSystem{
		Kind:    string(choice(r, system.FileSystemType, op, "kind")),
		Created: readCreated(r, system.CreationTime, op),
	}
	if doc.CannotBackUp = isScratch(system); !doc.CannotBackUp {
		doc.AutomaticDays = count(r, automaticBackupDays(system), op, "automatic_days")
	}
	if doc.AutomaticDays == 0 && !doc.CannotBackUp {
		readFSxBackups(ctx, r, system, &doc)
	}
	tags := engine.Tags(system.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(system.ResourceARN), cmp.Or(tags["Name"], aws.ToString(system.FileSystemId)), tags, &doc)
}

// isScratch reports whether a file system of Lustre is one that FSx makes no
// backups of, as far as its own settings tell.
func isScratch(system types.FileSystem) bool {
	lustre := system.LustreConfiguration
	return lustre != nil && (lustre.DeploymentType == types.LustreDeploymentTypeScratch1 || lustre.DeploymentType == types.LustreDeploymentTypeScratch2 || lustre.DataRepositoryConfiguration != nil)
}

// automaticBackupDays returns how long automatic backups are kept, nil where the
// answer does not say.
func automaticBackupDays(system types.FileSystem) *int32 {
	switch {
	case system.WindowsConfiguration != nil:
		return system.WindowsConfiguration.AutomaticBackupRetentionDays
	case system.LustreConfiguration != nil:
		return system.LustreConfiguration.AutomaticBackupRetentionDays
	case system.OntapConfiguration != nil:
		return system.OntapConfiguration.AutomaticBackupRetentionDays
	case system.OpenZFSConfiguration != nil:
		return system.OpenZFSConfiguration.AutomaticBackupRetentionDays
	}
	return nil
}

// readFSxBackups sets what AWS Backup did for a file system without automatic backups.
func readFSxBackups(ctx context.Context, r *engine.Reading, system types.FileSystem, doc *FSxFileSystem) {
	switch system.FileSystemType {
	case types.FileSystemTypeOntap:
		readOntapBackups(ctx, r, aws.ToString(system.FileSystemId), doc)
		return
	case types.FileSystemTypeLustre:
		if r.Wants("cannot_back_up") {
			linked, err := fsxLinked(ctx, r.Place)
			if doc.CannotBackUp = linked[aws.ToString(system.FileSystemId)]; !doc.CannotBackUp {
				r.Got(err, "cannot_back_up")
			}
		}
	}
	doc.LastBackup = readLastBackup(ctx, r, aws.ToString(system.ResourceARN))
}

// fsxLinked returns the ids of the file systems that are linked to S3, once per
// region. With an error come those that were listed before it.
func fsxLinked(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p, "fsx links to S3", func() (map[string]bool, error) {
		pages := fsx.NewDescribeDataRepositoryAssociationsPaginator(fsxClient(p), &fsx.DescribeDataRepositoryAssociationsInput{MaxResults: aws.Int32(25)})
		links, err := engine.ListAll(ctx, pages, func(page *fsx.DescribeDataRepositoryAssociationsOutput) []types.DataRepositoryAssociation {
			return page.Associations
		})
		linked := map[string]bool{}
		for _, link := range links {
			linked[aws.ToString(link.FileSystemId)] = true
		}
		return linked, err
	})
}

// readOntapBackups looks at each volume with data, for AWS Backup backs up
// volumes of ONTAP and not the file system.
func readOntapBackups(ctx context.Context, r *engine.Reading, id string, doc *FSxFileSystem) {
	if !r.Wants("cannot_back_up", "last_backup") {
		return
	}
	volumes, err := ontapVolumes(ctx, r.Place)
	if !r.Got(err, "cannot_back_up", "last_backup") {
		return
	}
	doc.CannotBackUp = len(volumes[id]) == 0
	for i, volume := range volumes[id] {
		if last := readLastBackup(ctx, r, volume); i == 0 || last.Before(doc.LastBackup) {
			doc.LastBackup = last
		}
	}
}

// ontapVolumes returns the ARNs of the volumes that hold data of their own, by
// the id of their file system, once per region.
func ontapVolumes(ctx context.Context, p *engine.Place) (map[string][]string, error) {
	return engine.Once(p, "fsx volumes", func() (map[string][]string, error) {
		pages := fsx.NewDescribeVolumesPaginator(fsxClient(p), &fsx.DescribeVolumesInput{MaxResults: aws.Int32(fsxPage)})
		all, err := engine.ListAll(ctx, pages, func(page *fsx.DescribeVolumesOutput) []types.Volume { return page.Volumes })
		volumes := map[string][]string{}
		for _, volume := range all {
			ontap := volume.OntapConfiguration
			if ontap != nil && ontap.OntapVolumeType == types.OntapVolumeTypeRw && !aws.ToBool(ontap.StorageVirtualMachineRoot) {
				id := aws.ToString(volume.FileSystemId)
				volumes[id] = append(volumes[id], aws.ToString(volume.ResourceARN))
			}
		}
		return volumes, err
	})
}
