package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestEBSVolumes(t *testing.T) {
	good := EBSVolume{
		Encrypted: true, Attached: true,
		Created: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC), LastSnapshot: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), LastBackup: lastBackup,
	}
	bad := EBSVolume{Created: time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)}
	goodID, badID := ec2Arn("volume/vol-good"), ec2Arn("volume/vol-bad")
	tags := map[string]string{"Name": "database", "owner": "shop"}
	unsure := good
	unsure.LastSnapshot = time.Time{}
	unread := refused("ec2:DescribeSnapshots", "UnauthorizedOperation", "ec2:DescribeSnapshots", "last_snapshot")
	testReading(t, "AWS::EC2::Volume", []readingTest{
		{name: "as they are", sections: map[string]string{"backup:ListProtectedResources": backedUp(goodID)}, want: []posture.Resource{
			{ID: badID, Name: badID, Doc: &bad},
			{ID: goodID, Name: "database", Tags: tags, Doc: &good},
		}},
		{name: "snapshots refused", sections: map[string]string{
			"backup:ListProtectedResources":                     backedUp(goodID),
			"ec2:DescribeSnapshots error=UnauthorizedOperation": "",
		}, want: []posture.Resource{
			{ID: badID, Name: badID, Doc: &bad, Unread: unread},
			{ID: goodID, Name: "database", Tags: tags, Doc: &unsure, Unread: unread},
		}},
		{name: "second page broken", sections: map[string]string{
			"backup:ListProtectedResources":                                    backedUp(goodID),
			"ec2:DescribeVolumes NextToken=two error=InternalError status=500": "",
		}, want: []posture.Resource{
			{ID: goodID, Name: "database", Tags: tags, Doc: &good},
		}, cause: brokenListing("ec2:DescribeVolumes")},
	})
}

func TestEBSSnapshots(t *testing.T) {
	snapshot := func(id, name string, tags map[string]string, doc EBSSnapshot, unread ...posture.Unread) posture.Resource {
		id = ec2Arn("snapshot/" + id)
		if name == "" {
			name = id
		}
		return posture.Resource{ID: id, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	tags := map[string]string{"Name": "old disk"}
	begun, good := snapshot("snap-begun", "", nil, EBSSnapshot{Encrypted: true}), snapshot("snap-good", "", nil, EBSSnapshot{Encrypted: true})
	unread := refused("ec2:DescribeSnapshots", "UnauthorizedOperation", "ec2:DescribeSnapshots", "public")
	testReading(t, "AWS::EC2::Snapshot", []readingTest{
		{name: "as they are", want: []posture.Resource{
			snapshot("snap-bad", "old disk", tags, EBSSnapshot{Public: true}), begun, good, snapshot("snap-old", "", nil, EBSSnapshot{Encrypted: true}),
		}},
		{name: "public ones refused", sections: map[string]string{"ec2:DescribeSnapshots RestorableBy.1=all error=UnauthorizedOperation": ""}, want: []posture.Resource{
			snapshot("snap-bad", "old disk", tags, EBSSnapshot{}, unread...), snapshot("snap-begun", "", nil, EBSSnapshot{Encrypted: true}, unread...),
			snapshot("snap-good", "", nil, EBSSnapshot{Encrypted: true}, unread...), snapshot("snap-old", "", nil, EBSSnapshot{Encrypted: true}, unread...),
		}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeSnapshots NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{begun, good}, cause: brokenListing("ec2:DescribeSnapshots")},
	})
}

func TestEBSEncryptionByDefault(t *testing.T) {
	setting := func(doc EBSEncryptionByDefault, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: ec2Arn("ebs-encryption-by-default"), Name: "EBS encryption by default in us-east-1", Doc: &doc, Unread: unread}}
	}
	testReading(t, "AWS::EC2::EBSEncryptionByDefault", []readingTest{
		{name: "on", want: setting(EBSEncryptionByDefault{Enabled: true})},
		{name: "off", sections: map[string]string{"ec2:GetEbsEncryptionByDefault": "<ebsEncryptionByDefault>false</ebsEncryptionByDefault>"},
			want: setting(EBSEncryptionByDefault{})},
		{name: "refused", sections: map[string]string{"ec2:GetEbsEncryptionByDefault error=UnauthorizedOperation": ""},
			want: setting(EBSEncryptionByDefault{}, refused("ec2:GetEbsEncryptionByDefault", "UnauthorizedOperation", "ec2:GetEbsEncryptionByDefault", "enabled")...)},
		{name: "an empty answer", sections: map[string]string{"ec2:GetEbsEncryptionByDefault": "<requestId>1</requestId>"},
			want: setting(EBSEncryptionByDefault{}, missing("ec2:GetEbsEncryptionByDefault", "enabled")...)},
	})
}

func TestEC2SnapshotBlockPublicAccess(t *testing.T) {
	setting := func(doc EC2SnapshotBlockPublicAccess, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: ec2Arn("snapshot-block-public-access"), Name: "public snapshot sharing in us-east-1", Doc: &doc, Unread: unread}}
	}
	testReading(t, "AWS::EC2::SnapshotBlockPublicAccess", []readingTest{
		{name: "new sharing", want: setting(EC2SnapshotBlockPublicAccess{BlocksNew: true})},
		{name: "all sharing", sections: map[string]string{"ec2:GetSnapshotBlockPublicAccessState": "<state>block-all-sharing</state>"},
			want: setting(EC2SnapshotBlockPublicAccess{BlocksNew: true, BlocksAll: true})},
		{name: "not at all", sections: map[string]string{"ec2:GetSnapshotBlockPublicAccessState": "<state>unblocked</state>"},
			want: setting(EC2SnapshotBlockPublicAccess{})},
		{name: "refused", sections: map[string]string{"ec2:GetSnapshotBlockPublicAccessState error=UnauthorizedOperation": ""},
			want: setting(EC2SnapshotBlockPublicAccess{}, refused("ec2:GetSnapshotBlockPublicAccessState", "UnauthorizedOperation", "ec2:GetSnapshotBlockPublicAccessState", "blocks_new", "blocks_all")...)},
		{name: "an empty answer", sections: map[string]string{"ec2:GetSnapshotBlockPublicAccessState": "<requestId>1</requestId>"},
			want: setting(EC2SnapshotBlockPublicAccess{}, missing("ec2:GetSnapshotBlockPublicAccessState", "blocks_new", "blocks_all")...)},
	})
}

// missing returns fields as unread because the answer did not hold them.
func missing(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.NotAnswered, Operation: operation, Field: field}})
	}
	return unread
}
