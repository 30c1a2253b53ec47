package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"posture/scanners/aws/awstest"
)

// longAgo is when what is to be old was made.
var longAgo = time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)

// corrections returns what is to be changed in the emulator's answers, by
// operation: ages, and settings that it takes and forgets. The root user was
// last used at rootUsed.
func corrections(rootUsed time.Time) map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"ec2:DescribeVolumes":                old(`<createTime>[^<]*</createTime>`, "<createTime>"+longAgo.Format(time.RFC3339)+"</createTime>"),
		"dynamodb:DescribeTable":             old(`"CreationDateTime": ?[0-9.]+`, fmt.Sprintf(`"CreationDateTime": %d`, longAgo.Unix())),
		"iam:GetAccountAuthorizationDetails": old(`(<RoleName>bad-role</RoleName>(?s:.*?)<CreateDate>)[^<]*`, "${1}"+longAgo.Format(time.RFC3339)),
		"iam:ListServerCertificates": old(`(<ServerCertificateName>good-certificate</ServerCertificateName>(?s:.*?)<Expiration>)[^<]*`,
			"${1}"+time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)),
		"iam:GetCredentialReport":               func(body []byte) []byte { return correctReport(body, rootUsed) },
		"autoscaling:DescribeAutoScalingGroups": runFleets,
		"ec2:DescribeInstances":                 old(`<(launchTime|attachTime)>[^<]*<`, "<${1}>"+longAgo.Format(time.RFC3339)+"<"),
		"rds:DescribeDBInstances": both(both(
			old(`<ReadReplicaDBInstanceIdentifiers ?/>|<ReadReplicaDBInstanceIdentifiers>\s*</ReadReplicaDBInstanceIdentifiers>`, ""),
			old(`(<DBInstanceIdentifier>bad-database</DBInstanceIdentifier>)`, "${1}<ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>good-database</ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>")), both(
			old(`(<DBInstanceIdentifier>good-database</DBInstanceIdentifier>)`, "${1}<ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>arn:aws:rds:eu-west-1:"+own+":db:far</ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>"), both(
				old(`(<CACertificateIdentifier>)`, "<CertificateDetails><ValidTill>2061-05-25T00:00:00Z</ValidTill></CertificateDetails>${1}"),
				old(`<InstanceCreateTime>[^<]*<`, "<InstanceCreateTime>"+longAgo.Format(time.RFC3339)+"<")))),
		"rds:DescribeDBClusters": both(
			old(`(<DBClusterIdentifier>good-cluster</DBClusterIdentifier>(?s:.*?))<MultiAZ>[a-z]*</MultiAZ>`, "${1}<MultiAZ>true</MultiAZ>"),
			old(`<ClusterCreateTime>[^<]*<`, "<ClusterCreateTime>"+longAgo.Format(time.RFC3339)+"<")),
		"s3:ListBuckets": both(
			old(`<CreationDate>[^<]*</CreationDate>`, "<CreationDate>"+longAgo.Format(time.RFC3339)+"</CreationDate><BucketRegion>us-east-1</BucketRegion>"),
			old(`(<Name>(?:good-replica|[^<]*-eu-west-1)</Name>[^R]*<BucketRegion>)us-east-1<`, "${1}eu-west-1<")),
		"redshift:DescribeLoggingStatus":        old(`<LastFailureTime>[^<]*</LastFailureTime>`, ""),
		"elasticfilesystem:DescribeFileSystems": old(`"CreationTime": ?"?[^",}]+"?`, fmt.Sprintf(`"CreationTime": %d`, longAgo.Unix())),
		"backup:ListBackupVaults": edit(func(vaults map[string]any) {
			for _, item := range vaults["BackupVaultList"].([]any) {
				vault := item.(map[string]any)
				vault["NumberOfRecoveryPoints"] = 3
				vault["Locked"] = vault["BackupVaultName"] == "good-vault"
				vault["LockDate"] = time.Now().Add(-time.Hour).Unix()
			}
		}),
		"lambda:ListFunctions": edit(func(list map[string]any) {
			for _, item := range list["Functions"].([]any) {
				if function := item.(map[string]any); function["FunctionName"] == "good-function" {
					function["KMSKeyArn"] = "arn:aws:kms:us-east-1:" + own + ":key/good" // older emulators forget it
				}
			}
		}),
		"cloudtrail:DescribeTrails": edit(func(trails map[string]any) {
			for _, item := range trails["trailList"].([]any) {
				trail := item.(map[string]any)
				trail["HasCustomEventSelectors"] = trail["Name"] == "good-trail"
			}
		}),
		"cloudtrail:GetTrailStatus": edit(func(status map[string]any) {
			status["LatestCloudWatchLogsDeliveryTime"] = time.Now().Add(-time.Hour).Unix()
		}),
	}
}

// runFleets lets Auto Scaling groups have instances, which the emulator would make
// with others of EC2.
func runFleets(body []byte) []byte {
	const instance = `<member><InstanceId>i-fleet</InstanceId><AvailabilityZone>ZONE</AvailabilityZone><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus></member>`
	in := func(zones ...string) string {
		var instances strings.Builder
		for _, zone := range zones {
			instances.WriteString(strings.ReplaceAll(instance, "ZONE", zone))
		}
		return `${1}<DesiredCapacity>2</DesiredCapacity>${2}<Instances>` + instances.String() + `</Instances>`
	}
	group := func(name, end string) string {
		return `(<AutoScalingGroupName>` + name + `</AutoScalingGroupName>(?s:.*?))<DesiredCapacity>0</DesiredCapacity>((?s:.*?))` + end
	}
	none := `(?:<Instances ?/>|<Instances>\s*</Instances>)`
	return both(old(group("good-fleet", none), in("us-east-1a", "us-east-1b")), old(group("bad-fleet-no-check", none), in("us-east-1a", "us-east-1a")))(body)
}

// old returns a correction that replaces what the expression matches.
func old(expression, replacement string) func([]byte) []byte {
	matched := regexp.MustCompile(expression)
	return func(body []byte) []byte { return matched.ReplaceAll(body, []byte(replacement)) }
}

// both returns a correction that makes two.
func both(first, second func([]byte) []byte) func([]byte) []byte {
	return func(body []byte) []byte { return second(first(body)) }
}

// edit returns a correction of an answer in JSON. An error is left as it is.
func edit(change func(map[string]any)) func([]byte) []byte {
	return func(body []byte) []byte {
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil || answer["__type"] != nil {
			return body
		}
		change(answer)
		corrected, err := json.Marshal(answer)
		if err != nil {
			return body
		}
		return corrected
	}
}

var reportContent = regexp.MustCompile(`<Content>([^<]*)</Content>`)

// correctReport adds the root user's line to a credential report, and makes
// the credentials of bad-idle old.
func correctReport(body []byte, rootUsed time.Time) []byte {
	found := reportContent.FindSubmatch(body)
	if found == nil {
		return body
	}
	text, err := base64.StdEncoding.DecodeString(string(found[1]))
	if err != nil {
		return body
	}
	header, rest, _ := strings.Cut(string(text), "\n")
	used := "no_information"
	if !rootUsed.IsZero() {
		used = rootUsed.Format(time.RFC3339)
	}
	lines := []string{header, "<root_account>,arn:aws:iam::" + own + ":root,2020-01-01T00:00:00+00:00,not_supported," + used +
		",not_supported,not_supported,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"}
	stamp := regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]+\+00:00`)
	for line := range strings.Lines(rest) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "bad-idle,") {
			line = stamp.ReplaceAllString(line, longAgo.Format("2006-01-02T15:04:05+00:00"))
		}
		lines = append(lines, line)
	}
	content := base64.StdEncoding.EncodeToString([]byte(strings.Join(lines, "\n")))
	return reportContent.ReplaceAll(body, []byte("<Content>"+content+"</Content>"))
}

// fill puts ids and times into recorded answers.
func (b *builder) fill(archive []byte) []byte {
	b.t.Helper()
	hole := regexp.MustCompile(`\{[a-z][a-z -]*\}`)
	return hole.ReplaceAllFunc(archive, func(name []byte) []byte {
		switch name := strings.Trim(string(name), "{}"); name {
		case "names":
			return []byte(name)
		case "now":
			return []byte(fmt.Sprint(time.Now().Add(-time.Hour).Unix()))
		case "long ago":
			return []byte(fmt.Sprint(longAgo.Unix()))
		default:
			return []byte(b.id(name))
		}
	})
}

// madeUp matches the end of a load balancer's name that the emulator makes up anew
// each time.
var madeUp = regexp.MustCompile(`/[0-9a-f]{16}$`)

// alarms returns the recorded answer that lists, in us-east-1, an alarm for
// every metric of the filters, and one that does nothing.
func (b *builder) alarms(request awstest.Request) awstest.Answer {
	type alarm map[string]any
	if request.Region != "us-east-1" {
		return awstest.Answer{Body: `{"MetricAlarms": [], "CompositeAlarms": []}`}
	}
	list := []alarm{{
		"AlarmName": "bad-alarm", "AlarmArn": "arn:aws:cloudwatch:us-east-1:" + own + ":alarm:bad-alarm", "ActionsEnabled": true,
		"AlarmActions": []string{}, "Namespace": "Other", "MetricName": "Other",
	}}
	add := func(namespace, metric string, dimensions ...string) {
		name := madeUp.ReplaceAllString(strings.Join(append([]string{"good-" + metric}, dimensions...), "-"), "")
		found := alarm{
			"AlarmName": name, "AlarmArn": "arn:aws:cloudwatch:us-east-1:" + own + ":alarm:" + name, "ActionsEnabled": true,
			"AlarmActions": []string{"arn:aws:sns:us-east-1:" + own + ":good-topic"}, "Namespace": namespace, "MetricName": metric,
		}
		if len(dimensions) > 0 {
			found["Dimensions"] = []map[string]string{{"Name": dimensions[0], "Value": dimensions[1]}}
		}
		list = append(list, found)
	}
	for name := range auditPatterns {
		add("Audit", name)
	}
	b.loads(add)
	body, _ := json.Marshal(map[string]any{"MetricAlarms": list, "CompositeAlarms": []alarm{}}) // strings always marshal
	return awstest.Answer{Body: string(body)}
}

// loads adds alarms on the load of what is good.
func (b *builder) loads(add func(namespace, metric string, dimensions ...string)) {
	for namespace, load := range map[string]struct {
		dimension      string
		names, metrics []string
	}{
		"AWS/Lambda":         {"FunctionName", []string{"good-function"}, []string{"Errors", "Throttles"}},
		"AWS/SQS":            {"QueueName", []string{"good-queue", "good-undelivered"}, []string{"ApproximateAgeOfOldestMessage"}},
		"AWS/DynamoDB":       {"TableName", []string{"good-table"}, []string{"ReadThrottleEvents", "WriteThrottleEvents"}},
		"AWS/RDS":            {"DBInstanceIdentifier", []string{"good-database"}, []string{"CPUUtilization", "DatabaseConnections", "FreeStorageSpace"}},
		"AWS/ApplicationELB": {"LoadBalancer", []string{b.balancerNamed("good-balancer")}, []string{"UnHealthyHostCount", "TargetResponseTime", "HTTPCode_ELB_5XX_Count"}},
		"AWS/NetworkELB":     {"LoadBalancer", []string{b.balancerNamed("good-front")}, []string{"UnHealthyHostCount"}},
	} {
		for _, name := range load.names {
			for _, metric := range load.metrics {
				add(namespace, metric, load.dimension, name)
			}
		}
	}
}

// balancerNamed returns how metrics call a load balancer.
func (b *builder) balancerNamed(name string) string {
	for id, known := range b.names {
		if _, end, found := strings.Cut(id, ":loadbalancer/"); found && known == name {
			return end
		}
	}
	return ""
}
