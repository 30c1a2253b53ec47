package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestEFSFileSystems(t *testing.T) {
	made := time.Unix(1700000000, 0).UTC()
	full := EFSFileSystem{
		Created:   made,
		Encrypted: true, KMSKey: "arn:aws:kms:us-east-1:111122223333:key/files", MountZones: 2, BackupPolicy: true,
		DeniesPlaintext: true, LastBackup: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
	shared := func(change func(*EFSFileSystem), unread ...posture.Unread) posture.Resource {
		doc := full
		change(&doc)
		return posture.Resource{ID: "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1", Name: "shared",
			Tags: map[string]string{"Name": "shared"}, Doc: &doc, Unread: unread}
	}
	plain := posture.Resource{ID: "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-2", Name: "fs-2", Doc: &EFSFileSystem{Created: made, OneZone: true, MountZones: 1}}
	deny := func(operation string) map[string]string {
		return map[string]string{"elasticfilesystem:" + operation + " FileSystemId=fs-1 error=AccessDeniedException": ""}
	}
	unread := func(operation string, fields ...string) []posture.Unread {
		return refused("elasticfilesystem:"+operation, "AccessDeniedException", "elasticfilesystem:"+operation, fields...)
	}
	testReading(t, "AWS::EFS::FileSystem", []readingTest{
		{name: "two pages", want: []posture.Resource{shared(func(*EFSFileSystem) {}), plain}},
		{name: "second page broken", sections: map[string]string{"elasticfilesystem:DescribeFileSystems Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{shared(func(*EFSFileSystem) {})}, cause: brokenListing("elasticfilesystem:DescribeFileSystems")},
		{name: "mount targets refused", sections: deny("DescribeMountTargets"),
			want: []posture.Resource{shared(func(doc *EFSFileSystem) { doc.MountZones = 0 }, unread("DescribeMountTargets", "mount_zones")...), plain}},
		{name: "backup policy refused", sections: deny("DescribeBackupPolicy"),
			want: []posture.Resource{shared(func(doc *EFSFileSystem) { doc.BackupPolicy = false }, unread("DescribeBackupPolicy", "backup_policy")...), plain}},
		{name: "policy refused", sections: deny("DescribeFileSystemPolicy"),
			want: []posture.Resource{shared(func(doc *EFSFileSystem) { doc.DeniesPlaintext = false }, unread("DescribeFileSystemPolicy", efsPolicyFields...)...), plain}},
	})
}
