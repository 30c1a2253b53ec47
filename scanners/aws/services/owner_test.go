package services

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	backup "github.com/aws/aws-sdk-go-v2/service/backup/types"
	ec2 "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	efs "github.com/aws/aws-sdk-go-v2/service/efs/types"
	rds "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// owned says how the API lists what may be another account's: the item by
// which it does, the call, and a listing of two, with OWN and OTHER in place of
// the accounts' ids.
var owned = map[string]struct {
	item    any
	section string
	answer  string
}{
	"AWS::EC2::Volume":         {ec2.Volume{}, "ec2:DescribeVolumes", ec2Two("volumeSet", "volumeId", "vol")},
	"AWS::EC2::Snapshot":       {ec2.Snapshot{}, "ec2:DescribeSnapshots", ec2Two("snapshotSet", "snapshotId", "snap")},
	"AWS::EC2::Image":          {ec2.Image{}, "ec2:DescribeImages", strings.NewReplacer("ownerId", "imageOwnerId").Replace(ec2Two("imagesSet", "imageId", "ami"))},
	"AWS::EC2::SecurityGroup":  {ec2.SecurityGroup{}, "ec2:DescribeSecurityGroups", ec2Two("securityGroupInfo", "groupId", "sg")},
	"AWS::EC2::Subnet":         {ec2.Subnet{}, "ec2:DescribeSubnets", ec2Two("subnetSet", "subnetId", "subnet")},
	"AWS::EC2::TransitGateway": {ec2.TransitGateway{}, "ec2:DescribeTransitGateways", ec2Two("transitGatewaySet", "transitGatewayId", "tgw")},
	"AWS::EC2::NetworkAcl":     {ec2.NetworkAcl{}, "ec2:DescribeNetworkAcls", ec2Two("networkAclSet", "networkAclId", "acl")},
	"AWS::EC2::VPC":            {ec2.Vpc{}, "ec2:DescribeVpcs", ec2Two("vpcSet", "vpcId", "vpc")},
	"AWS::EC2::Instance": {ec2.Reservation{}, "ec2:DescribeInstances", `<reservationSet>
		<item><ownerId>OTHER</ownerId><instancesSet><item><instanceId>i-other</instanceId></item></instancesSet></item>
		<item><ownerId>OWN</ownerId><instancesSet><item><instanceId>i-own</instanceId></item></instancesSet></item></reservationSet>`},
	"AWS::EFS::FileSystem": {efs.FileSystemDescription{}, "elasticfilesystem:DescribeFileSystems", `{"FileSystems": [
		{"FileSystemId": "fs-other", "OwnerId": "OTHER", "CreationTime": 1, "Tags": []}, {"FileSystemId": "fs-own", "OwnerId": "OWN", "CreationTime": 1, "Tags": []}]}`},
	"AWS::Backup::BackupVault": {backup.BackupVaultListMember{}, "backup:ListBackupVaults", `{"BackupVaultList": [
		{"BackupVaultArn": "arn:aws:backup:us-east-1:OTHER:backup-vault:other", "BackupVaultName": "other"},
		{"BackupVaultArn": "arn:aws:backup:us-east-1:OWN:backup-vault:own", "BackupVaultName": "own"}]}`},
	"AWS::RDS::DBInstance": {rds.DBInstance{}, "rds:DescribeDBInstances", rdsTwo("DBInstance", "db")},
	"AWS::RDS::DBProxy":    {rds.DBProxy{}, "rds:DescribeDBProxies", strings.NewReplacer("DBProxyIdentifier", "DBProxyName", "DBProxys>", "DBProxies>", "<DBProxy>", "<member>", "</DBProxy>", "</member>").Replace(rdsTwo("DBProxy", "db-proxy"))},
	"AWS::RDS::DBCluster":  {rds.DBCluster{}, "rds:DescribeDBClusters", rdsTwo("DBCluster", "cluster")},
	"AWS::RDS::DBSnapshot": {rds.DBSnapshot{}, "rds:DescribeDBSnapshots SnapshotType=manual", rdsTwo("DBSnapshot", "snapshot")},
	"AWS::RDS::DBClusterSnapshot": {rds.DBClusterSnapshot{}, "rds:DescribeDBClusterSnapshots SnapshotType=manual",
		rdsTwo("DBClusterSnapshot", "cluster-snapshot")},
}

// ec2Two returns a listing of EC2's.
func ec2Two(set, id, prefix string) string {
	return "<" + set + "><item><" + id + ">" + prefix + "-other</" + id + "><ownerId>OTHER</ownerId></item>" +
		"<item><" + id + ">" + prefix + "-own</" + id + "><ownerId>OWN</ownerId></item></" + set + ">"
}

// rdsTwo returns a listing of RDS's.
func rdsTwo(item, kind string) string {
	one := func(owner, name string) string {
		return "<" + item + "><" + item + "Identifier>" + name + "</" + item + "Identifier><" + item + "Arn>arn:aws:rds:us-east-1:" +
			owner + ":" + kind + ":" + name + "</" + item + "Arn></" + item + ">"
	}
	return "<" + item + "s>" + one("OTHER", "other") + one("OWN", "own") + "</" + item + "s>"
}

// regionWide holds the types that every region has one of, the account's own.
var regionWide = []string{"AWS::EC2::EBSEncryptionByDefault", "AWS::EC2::SnapshotBlockPublicAccess", "AWS::Backup::Recovery", "AWS::Backup::BackupPlan", "AWS::RDS::AccountQuotas"}

// unshared holds the types that no other account's can be listed of.
var unshared = []string{"AWS::EC2::ClientVpnEndpoint", "AWS::EC2::LaunchTemplate", "AWS::EC2::VPNConnection"}

// TestOwner: what another account owns is never judged as this account's.
func TestOwner(t *testing.T) {
	for _, s := range All() {
		of, known := owned[s.Name]
		if !known {
			if slices.Contains([]string{"ec2", "efs", "backup", "rds"}, s.Service) && !slices.Contains(slices.Concat(regionWide, unshared), s.Name) {
				t.Errorf("%s: say in this test how the API lists it, and skip what is of another owner", s.Name)
			}
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			if !tellsOwner(reflect.TypeOf(of.item)) {
				t.Fatalf("%T tells no owner", of.item)
			}
			answer := strings.NewReplacer("OWN", testAccount, "OTHER", "444455556666").Replace(of.answer)
			got := scanTypes(t, fixtures(t, map[string]string{of.section: answer}), s.Name)
			if len(got.Resources) != 1 || !strings.HasSuffix(got.Resources[0].ID, "own") || !strings.Contains(got.Resources[0].ID, testAccount) {
				t.Errorf("got %+v, want the account's own one", got.Resources)
			}
			if p := got.Report.Populations; len(p) != 1 || !p[0].Complete || p[0].Count != 1 {
				t.Errorf("populations %+v: want one, complete", p)
			}
		})
	}
}

// tellsOwner reports whether an item of the SDK has an owner or an ARN.
func tellsOwner(item reflect.Type) bool {
	for field := range item.Fields() {
		if field.Name == "OwnerId" || strings.HasSuffix(field.Name, "Arn") {
			return true
		}
	}
	return false
}
