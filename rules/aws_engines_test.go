package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/services"
)

// made is when the databases of these tests were made; nothing protects them.
var made = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// TestDatabaseEngines holds which rules judge an instance of each engine. What
// an engine lacks, fixes, or has on its cluster is not judged on the instance.
func TestDatabaseEngines(t *testing.T) {
	t.Parallel()
	plain := "backup-retention encrypted logs multi-az minor protection tags backed-up ca"
	for name, test := range map[string]struct {
		doc  services.RDSInstance
		want string
	}{
		"PostgreSQL":                  {services.RDSInstance{Engine: "postgres", EngineVersion: "17.2"}, plain + " iam tls"},
		"MySQL":                       {services.RDSInstance{Engine: "mysql", EngineVersion: "8.4.5"}, plain + " iam tls"},
		"MySQL 5.6":                   {services.RDSInstance{Engine: "mysql", EngineVersion: "5.6.51"}, plain + " iam"},
		"MariaDB":                     {services.RDSInstance{Engine: "mariadb", EngineVersion: "11.4.4"}, plain + " iam tls"},
		"MariaDB 10.5":                {services.RDSInstance{Engine: "mariadb", EngineVersion: "10.5.29"}, plain + " tls"},
		"MariaDB 10.4":                {services.RDSInstance{Engine: "mariadb", EngineVersion: "10.4.34"}, plain},
		"Oracle":                      {services.RDSInstance{Engine: "oracle-ee", EngineVersion: "19.0.0.0"}, plain},
		"Db2":                         {services.RDSInstance{Engine: "db2-se", EngineVersion: "11.5.9"}, plain},
		"SQL Server":                  {services.RDSInstance{Engine: "sqlserver-se", EngineVersion: "16.00"}, plain + " tls"},
		"SQL Server Express":          {services.RDSInstance{Engine: "sqlserver-ex", EngineVersion: "16.00"}, strings.Replace(plain, " multi-az", "", 1) + " tls"},
		"a class that cannot encrypt": {services.RDSInstance{Engine: "postgres", EngineVersion: "9.6.24", Class: "db.m1.small"}, strings.Replace(plain, " encrypted", "", 1) + " iam tls"},
		"T2, micro":                   {services.RDSInstance{Engine: "postgres", EngineVersion: "13.4", Class: "db.t2.micro"}, strings.Replace(plain, " encrypted", "", 1) + " iam tls"},
		"T2, small":                   {services.RDSInstance{Engine: "postgres", EngineVersion: "13.4", Class: "db.t2.small"}, plain + " iam tls"},
		"on an Outpost":               {services.RDSInstance{Engine: "postgres", EngineVersion: "17.2", OnOutpost: true}, strings.Replace(plain, " backed-up", "", 1) + " iam tls"},
		"SQL Server, Outpost":         {services.RDSInstance{Engine: "sqlserver-se", EngineVersion: "16.00", OnOutpost: true}, strings.NewReplacer(" backed-up", "", " multi-az", "").Replace(plain) + " tls"},
		"in a Local Zone":             {services.RDSInstance{Engine: "mysql", EngineVersion: "8.4.5", InLocalZone: true}, strings.NewReplacer(" backed-up", "", " multi-az", "").Replace(plain) + " iam tls"},
		"RDS Custom":                  {services.RDSInstance{Engine: "custom-oracle-ee"}, "backup-retention encrypted multi-az protection tags"},
		"a read replica":              {services.RDSInstance{Engine: "postgres", ReadReplica: true}, "encrypted logs minor protection tags ca iam tls"},
		"Aurora":                      {services.RDSInstance{Engine: "aurora-mysql", ClusterMember: true}, "minor ca"},
		"a global database":           {services.RDSInstance{Engine: "aurora-postgresql", ClusterMember: true, AcrossRegions: true}, "ca"},
		"a Multi-AZ cluster":          {services.RDSInstance{Engine: "postgres", ClusterMember: true}, "minor ca"},
		"DocumentDB":                  {services.RDSInstance{Engine: "docdb", ClusterMember: true}, "ca"},
		"Neptune":                     {services.RDSInstance{Engine: "neptune", ClusterMember: true}, ""},
	} {
		test.doc.Created, test.doc.CA, test.doc.Public = made, "rds-ca-2019", true
		if test.doc.Engine != "docdb" && test.doc.Engine != "neptune" {
			test.want += " alarms"
		}
		judgeEngine(t, name, "AWS::RDS::DBInstance", &test.doc, test.want+" public")
	}
}

// TestClusterEngines does so for clusters.
func TestClusterEngines(t *testing.T) {
	t.Parallel()
	plain := "cluster-backup-retention cluster-encrypted cluster-protection cluster-backed-up"
	for name, test := range map[string]struct {
		doc  services.RDSCluster
		want string
	}{
		"Aurora":               {services.RDSCluster{Engine: "aurora-mysql", EngineMode: "provisioned"}, plain + " cluster-iam cluster-logs cluster-multi-az cluster-tags"},
		"Aurora Serverless v1": {services.RDSCluster{Engine: "aurora-mysql", EngineMode: "serverless"}, plain + " cluster-tags"},
		"Aurora Limitless":     {services.RDSCluster{Engine: "aurora-postgresql", Limitless: true}, plain + " cluster-iam cluster-logs cluster-tags"},
		"a secondary":          {services.RDSCluster{Engine: "aurora-postgresql", Replica: true}, "cluster-encrypted cluster-protection cluster-iam cluster-logs cluster-tags"},
		"Multi-AZ":             {services.RDSCluster{Engine: "postgres", EngineMode: "provisioned", MultiAZ: true}, plain + " cluster-iam cluster-logs cluster-tags"},
		"DocumentDB":           {services.RDSCluster{Engine: "docdb", EngineMode: "provisioned"}, plain + " cluster-logs cluster-multi-az"},
		"Neptune":              {services.RDSCluster{Engine: "neptune", EngineMode: "provisioned"}, plain + " cluster-iam cluster-logs cluster-multi-az"},
	} {
		test.doc.Created = made
		judgeEngine(t, name, "AWS::RDS::DBCluster", &test.doc, test.want)
	}
}

// short are the words by which these tests call the rules.
var short = map[string]string{
	"aws-alarm-rds-capacity": "alarms", "aws-rds-auto-minor-upgrade": "minor", "aws-rds-deletion-protection": "protection", "aws-rds-iam-authentication": "iam",
	"aws-rds-in-backup-plan": "backed-up", "aws-rds-instance-backup-retention": "backup-retention", "aws-rds-instance-ca-current": "ca",
	"aws-rds-instance-encrypted": "encrypted", "aws-rds-instance-force-tls": "tls", "aws-rds-instance-logs-exported": "logs",
	"aws-rds-instance-multi-az": "multi-az", "aws-rds-instance-not-public": "public", "aws-rds-snapshot-tags-copied": "tags",
	"aws-aurora-in-backup-plan": "cluster-backed-up", "aws-rds-cluster-backup-retention": "cluster-backup-retention",
	"aws-rds-cluster-deletion-protection": "cluster-protection", "aws-rds-cluster-encrypted": "cluster-encrypted",
	"aws-rds-cluster-iam-authentication": "cluster-iam", "aws-rds-cluster-logs-exported": "cluster-logs",
	"aws-rds-cluster-multi-az": "cluster-multi-az", "aws-rds-cluster-snapshot-tags-copied": "cluster-tags",
}

// judgeEngine compares the rules that fail with those that are wanted, and
// holds that none says anything else.
func judgeEngine(t *testing.T, name, typ string, doc any, want string) {
	t.Helper()
	on := posture.Resource{Provider: posture.AWS, Account: "111122223333", Region: "us-east-1", Type: typ, ID: "one", Name: "one", Doc: doc}
	findings, err := loadAWS(t).Judge(on, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		switch word, known := short[f.Rule]; {
		case !known:
			t.Errorf("rule %s: go through the engines, then give it a word here", f.Rule)
		case f.Status == posture.Unknown:
			t.Errorf("%s: %s is unknown", name, f.Rule)
		case f.Status == posture.Fail:
			got = append(got, word)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(slices.Values(strings.Fields(want))), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
