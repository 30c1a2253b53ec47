package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestFSxFileSystems(t *testing.T) {
	const list, links, volumes, protected = "fsx:DescribeFileSystems", "fsx:DescribeDataRepositoryAssociations", "fsx:DescribeVolumes", "backup:ListProtectedResources"
	made, last := time.Unix(1700000000, 0).UTC(), time.Unix(1767225600, 0).UTC()
	system := func(id string, doc FSxFileSystem, unread ...posture.Unread) posture.Resource {
		doc.Created = made
		return posture.Resource{ID: "arn:aws:fsx:us-east-1:111122223333:file-system/" + id, Name: id, Doc: &doc, Unread: unread}
	}
	share := system("fs-share", FSxFileSystem{Kind: "WINDOWS", AutomaticDays: 30})
	share.Name, share.Tags = "share", map[string]string{"Name": "share"}
	bare, linked := system("fs-bare", FSxFileSystem{Kind: "LUSTRE"}), system("fs-linked", FSxFileSystem{Kind: "LUSTRE", CannotBackUp: true})
	scratch := system("fs-scratch", FSxFileSystem{Kind: "LUSTRE", CannotBackUp: true})
	ontap, zfs := system("fs-ontap", FSxFileSystem{Kind: "ONTAP", LastBackup: last}), system("fs-zfs", FSxFileSystem{Kind: "OPENZFS", LastBackup: last.AddDate(0, 0, 1)})
	all := func(change ...posture.Resource) []posture.Resource {
		want := []posture.Resource{bare, linked, ontap, scratch, share, zfs}
		for _, c := range change {
			for i := range want {
				if want[i].ID == c.ID {
					want[i] = c
				}
			}
		}
		return want
	}
	backups := `{"Results": [{"ResourceArn": "arn:aws:fsx:us-east-1:111122223333:volume/fs-ontap/fsvol-1", "LastBackupTime": 1767225600}, {"ResourceArn": "` + zfs.ID + `", "LastBackupTime": 1767312000}`
	unsaidDays := system("fs-zfs", FSxFileSystem{Kind: "OPENZFS", LastBackup: last.AddDate(0, 0, 1)}, unsaid(list, "automatic_days")...)
	with := func(section, body string) map[string]string {
		return map[string]string{protected: backups + `, {"ResourceArn": "arn:aws:fsx:us-east-1:111122223333:volume/fs-ontap/fsvol-2", "LastBackupTime": 1767312000}]}`, section: body}
	}
	testReading(t, "AWS::FSx::FileSystem", []readingTest{
		{name: "two pages, and one that is being deleted", sections: with("fsx:DescribeAliases", `{"Aliases": []}`), want: all()},
		{name: "a volume that was never backed up", sections: map[string]string{protected: backups + `]}`}, want: all(system("fs-ontap", FSxFileSystem{Kind: "ONTAP"}))},
		{name: "no volume with data", sections: with(volumes, `{"Volumes": []}`), want: all(system("fs-ontap", FSxFileSystem{Kind: "ONTAP", CannotBackUp: true}))},
		{name: "volumes refused", sections: with(volumes+" NextToken=two error=AccessDeniedException", ""),
			want: all(system("fs-ontap", FSxFileSystem{Kind: "ONTAP"}, refused(volumes, "AccessDeniedException", volumes, "cannot_back_up", "last_backup")...))},
		{name: "links refused", sections: with(links+" NextToken=two error=AccessDeniedException", ""),
			want: all(system("fs-bare", FSxFileSystem{Kind: "LUSTRE"}, refused(links, "AccessDeniedException", links, "cannot_back_up")...))},
		{name: "the answer does not say", sections: with(list+" NextToken=two", `{"FileSystems": [{"ResourceARN": "`+zfs.ID+`", "FileSystemId": "fs-zfs", "FileSystemType": "OPENZFS", "CreationTime": 1700000000}]}`),
			want: []posture.Resource{scratch, share, unsaidDays}},
		{name: "second page broken", sections: with(list+" NextToken=two error=InternalError status=500", ""), want: []posture.Resource{scratch, share}, cause: brokenListing(list)},
	})
}
