// Package aws_test holds what the deployment on AWS must be: the template, as
// CloudFormation gets it, and the state machine.
package aws_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/samtest"
	"posture/internal/setup"
	"posture/internal/snapshot"
)

// ofType returns the resources of a type, by name.
func ofType(t *testing.T, typ string) map[string]samtest.Resource {
	t.Helper()
	found := maps.Clone(samtest.Translated(t).Resources)
	maps.DeleteFunc(found, func(_ string, r samtest.Resource) bool { return r.Type != typ })
	if len(found) == 0 {
		t.Fatalf("the template has no %s", typ)
	}
	return found
}

// object returns a property that is an object.
func object(t *testing.T, r samtest.Resource, name string) map[string]any {
	t.Helper()
	value, ok := r.Properties[name].(map[string]any)
	if !ok {
		t.Fatalf("%s is %s, want an object", name, samtest.Text(r.Properties[name]))
	}
	return value
}

func TestBuckets(t *testing.T) {
	blocked := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}
	algorithm := map[string]string{"Results": `"SSEAlgorithm":"aws:kms"`, "AccessLogs": `"SSEAlgorithm":"AES256"`}
	for name, bucket := range ofType(t, "AWS::S3::Bucket") {
		if diff := cmp.Diff(blocked, object(t, bucket, "PublicAccessBlockConfiguration")); diff != "" {
			t.Errorf("%s: public access (-want +got):\n%s", name, diff)
		}
		if got := samtest.Text(bucket.Properties["VersioningConfiguration"]); got != `{"Status":"Enabled"}` {
			t.Errorf("%s: versioning is %s", name, got)
		}
		if got := samtest.Text(bucket.Properties["BucketEncryption"]); algorithm[name] == "" || !strings.Contains(got, algorithm[name]) {
			t.Errorf("%s: encryption is %s", name, got)
		}
		if !tlsOnly(t, name) {
			t.Errorf("%s: no policy refuses requests without TLS", name)
		}
	}
}

// TestObjectLock holds that evidence is locked where that is asked for, and only
// there: without the parameter a bucket that is there is not made anew.
func TestObjectLock(t *testing.T) {
	results := samtest.Translated(t).Resources["Results"]
	for name, want := range map[string]string{
		"ObjectLockEnabled":       `{"Fn::If":["HasLock",true,{"Ref":"AWS::NoValue"}]}`,
		"ObjectLockConfiguration": `{"Fn::If":["HasLock",{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Days":{"Ref":"ObjectLockDays"},"Mode":"COMPLIANCE"}}},{"Ref":"AWS::NoValue"}]}`,
	} {
		if got := samtest.Text(results.Properties[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	template := samtest.Translated(t)
	if got := samtest.Text(template.Conditions["HasLock"]); got != `{"Fn::Not":[{"Fn::Equals":[{"Ref":"ObjectLockDays"},0]}]}` || template.Parameters["ObjectLockDays"]["Default"] != 0.0 {
		t.Errorf("there is a lock when %s", got)
	}
}

// tlsOnly reports whether a policy denies a bucket and its objects to
// everybody who does not use TLS.
func tlsOnly(t *testing.T, bucket string) bool {
	t.Helper()
	for _, policy := range ofType(t, "AWS::S3::BucketPolicy") {
		if samtest.Plain(policy.Properties["Bucket"]) != "${"+bucket+"}" {
			continue
		}
		for _, s := range object(t, policy, "PolicyDocument")["Statement"].([]any) {
			statement := s.(map[string]any)
			if statement["Effect"] == "Deny" && statement["Principal"] == "*" && statement["Action"] == "s3:*" &&
				strings.Contains(samtest.Text(statement["Condition"]), `"aws:SecureTransport":"false"`) &&
				len(statement["Resource"].([]any)) == 2 {
				return true
			}
		}
	}
	return false
}

// TestConditionalWrites holds that nobody, whatever their role may do, replaces what
// is written once, or state that they did not see. The configuration is a person's.
func TestConditionalWrites(t *testing.T) {
	template := samtest.Translated(t)
	denied := func(key, condition string) bool {
		said := map[string]string{"aws:SecureTransport": "true", "s3:ObjectCreationOperation": "true", condition: "said"}
		return template.BucketDenies(t, "ResultsPolicy", "s3:PutObject", "${Results.Arn}/"+key, said)
	}
	for name := range ofType(t, "AWS::IAM::Role") {
		for _, s := range template.Statements(t, name) {
			for _, resource := range s.Resources {
				key, ours := strings.CutPrefix(resource, "${Results.Arn}/")
				if ours && slices.Contains(s.Actions, "s3:PutObject") && !denied(key, "") {
					t.Errorf("%s may replace %s without a condition", name, key)
				}
			}
		}
	}
	for key, replaced := range map[string]bool{
		"runs/2026/11/22/x/aws/1/part.json": false, "chain/00000001.json": false, "targets/x.json": false, "alerts/x.json": false,
		"sent/a.json": false, "threads/a": false, "weekly/2026-W47/posture-2026-W47.json": false, "state/latest.json": true, "outbox/a.json": true,
	} {
		if !denied(key, "") || denied(key, "s3:if-none-match") || denied(key, "s3:if-match") == replaced {
			t.Errorf("%s: want a new one allowed, a replaced one allowed: %t, and nothing without a condition", key, replaced)
		}
	}
	if denied("config/posture.yaml", "") {
		t.Error("the configuration cannot be put as people put it")
	}
}

// TestFunctions holds that each function has its own role and a log group that
// forgets, and an environment that holds no secret and takes no endpoint.
func TestFunctions(t *testing.T) {
	retained := map[string]bool{}
	for _, group := range ofType(t, "AWS::Logs::LogGroup") {
		if got := samtest.Plain(group.Properties["KmsKeyId"]); got != "${Key.Arn}" {
			t.Errorf("%s is encrypted with %s", samtest.Plain(group.Properties["LogGroupName"]), got)
		}
		if samtest.Plain(group.Properties["RetentionInDays"]) == "${LogRetentionDays}" {
			retained[samtest.Plain(group.Properties["LogGroupName"])] = true
		}
	}
	roles := map[string]string{}
	functions := ofType(t, "AWS::Lambda::Function")
	for name, function := range functions {
		if !retained["/aws/lambda/${"+name+"}"] {
			t.Errorf("%s: no log group with a retention", name)
		}
		role := samtest.Plain(function.Properties["Role"])
		if other, taken := roles[role]; taken {
			t.Errorf("%s and %s share %s", name, other, role)
		}
		roles[role] = name
		checkEnvironment(t, name, object(t, function, "Environment")["Variables"].(map[string]any))
		if got := samtest.Text(function.Properties["Architectures"]); got != `["arm64"]` || function.Properties["Runtime"] != "provided.al2023" {
			t.Errorf("%s: runs on %s %v", name, got, function.Properties["Runtime"])
		}
	}
	if len(functions) != 7 {
		t.Errorf("functions: %v", slices.Sorted(maps.Keys(functions)))
	}
}

func checkEnvironment(t *testing.T, name string, variables map[string]any) {
	t.Helper()
	plain := map[string]string{}
	for key, value := range variables {
		plain[key] = samtest.Plain(value)
	}
	want := map[string]string{
		"POSTURE_STORE":                       "s3://${Results}",
		"POSTURE_STACK":                       "${AWS::StackName}",
		"POSTURE_ORGANIZATION_ROLE":           `{"Fn::If":["HasOrganization",{"Ref":"MemberRoleName"},""]}`,
		"POSTURE_EXTERNAL_ID":                 "${ExternalId}",
		"AWS_EC2_METADATA_DISABLED":           "true",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
	}
	if name == "PublishFunction" || name == "WatchdogFunction" {
		want["POSTURE_SLACK_SECRET"] = "${SlackSecretName}" // the secret's name
	}
	switch name {
	case "WatchdogFunction":
		want["POSTURE_SCOPES"] = `{"Fn::Join":[" ",["aws",{"Fn::If":["HasGoogle","gcp",{"Ref":"AWS::NoValue"}]},{"Fn::If":["HasAzure","azure",{"Ref":"AWS::NoValue"}]}]]}`
	case "ScanGcpFunction":
		want["POSTURE_GCP_SCOPE"] = "${GoogleScope}"
	case "ScanAzureFunction":
		want["POSTURE_AZURE_SCOPE"], want["POSTURE_AZURE_SECRET"], want["POSTURE_AZURE_IDENTITY_POOL"] = "${AzureScope}", "${AzureSecretName}", "${AzureIdentityPool}"
		want["AZURE_TENANT_ID"], want["AZURE_CLIENT_ID"] = "${AzureTenantId}", "${AzureClientId}"
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("%s: environment (-want +got):\n%s", name, diff)
	}
}

// reads matches the actions that change nothing and tell no credentials.
var reads = regexp.MustCompile(`^[a-z0-9-]+:(Get|List|Describe|BatchGet|Lookup)[A-Za-z]*$`)

// TestScanRole holds that who scans can change nothing but its part of a run,
// and reads no secrets.
func TestScanRole(t *testing.T) {
	writes := map[string][]string{}
	for _, s := range samtest.Translated(t).Statements(t, "ScanRole") {
		for _, action := range s.Actions {
			switch {
			case s.Deny:
			case !reads.MatchString(action):
				writes[action] = append(writes[action], s.Resources...)
			case action == "secretsmanager:GetSecretValue", strings.HasPrefix(action, "ssm:GetParameter"):
				t.Errorf("may do %s", action)
			case action == "s3:GetObject":
				writes[action] = append(writes[action], s.Resources...)
			}
		}
	}
	logs := []string{"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*"}
	want := map[string][]string{
		"logs:CreateLogStream":         logs,
		"logs:PutLogEvents":            logs,
		"s3:GetObject":                 {"${Results.Arn}/config/*", "${Results.Arn}/runs/*"},
		"s3:PutObject":                 {"${Results.Arn}/runs/*/aws/*"},
		"kms:Decrypt":                  {"${Key.Arn}"},
		"kms:GenerateDataKey":          {"${Key.Arn}"},
		"sts:AssumeRole":               {"arn:${AWS::Partition}:iam::*:role/${MemberRoleName}"},
		"iam:GenerateCredentialReport": {"*"},
		"apigateway:GET":               {"*"}, // its one action for reading; keys of clients are denied
		"kafka:ListClustersV2":         {"*"},
	}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Errorf("what the role may do beyond reading settings (-want +got):\n%s", diff)
	}
}

// elsewhere are the clouds that the template reads beside AWS: the words of its
// names, and what else of AWS who scans them may do.
var elsewhere = map[string]struct {
	name, condition, scope string
	also                   map[string][]string
}{
	"gcp": {"Gcp", "HasGoogle", "GoogleScope", nil},
	"azure": {"Azure", "HasAzure", "AzureScope", map[string][]string{
		"sts:GetWebIdentityToken":                             {"*"},
		"secretsmanager:GetSecretValue":                       {"arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AzureSecretName}-??????"},
		"cognito-identity:GetOpenIdTokenForDeveloperIdentity": {`{"Fn::Sub":["arn:${AWS::Partition}:cognito-identity:${AWS::Region}:${AWS::AccountId}:identitypool/${Pool}",{"Pool":{"Fn::Select":[0,{"Fn::Split":["/",{"Ref":"AzureIdentityPool"}]}]}}]}`},
	}},
}

// TestElsewhereRole holds that who scans another cloud may do nothing on AWS but
// write its part of a run, and show who it is.
func TestElsewhereRole(t *testing.T) {
	for cloud, e := range elsewhere {
		allowed := map[string][]string{}
		for _, s := range samtest.Translated(t).Statements(t, "Scan"+e.name+"Role") {
			for _, action := range s.Actions {
				allowed[action] = append(allowed[action], s.Resources...)
			}
		}
		logs := []string{"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*"}
		want := map[string][]string{
			"logs:CreateLogStream": logs,
			"logs:PutLogEvents":    logs,
			"s3:ListBucket":        {"${Results.Arn}"},
			"s3:GetObject":         {"${Results.Arn}/config/*", "${Results.Arn}/runs/*", "${Results.Arn}/state/told.json", "${Results.Arn}/state/told/" + cloud + "/*"},
			"s3:PutObject":         {"${Results.Arn}/runs/*/run.json", "${Results.Arn}/runs/*/rules.*.json", "${Results.Arn}/runs/*/late/*", "${Results.Arn}/runs/*/" + cloud + "/*"},
			"kms:Decrypt":          {"${Key.Arn}"},
			"kms:GenerateDataKey":  {"${Key.Arn}"},
		}
		maps.Copy(want, e.also)
		if diff := cmp.Diff(want, allowed); diff != "" {
			t.Errorf("%s: what the role may do (-want +got):\n%s", cloud, diff)
		}
	}
}

// TestElsewhere holds that all that is there for another cloud, and only that,
// is made where a scope is named.
func TestElsewhere(t *testing.T) {
	template := samtest.Translated(t)
	for cloud, e := range elsewhere {
		if got := samtest.Text(template.Conditions[e.condition]); got != `{"Fn::Not":[{"Fn::Equals":[{"Ref":"`+e.scope+`"},""]}]}` || template.Parameters[e.scope]["Default"] != "" {
			t.Errorf("%s is in scope when %s", cloud, got)
		}
		var conditional []string
		for name, resource := range template.Resources {
			if resource.Condition == e.condition {
				conditional = append(conditional, strings.ReplaceAll(name, e.name, "*"))
			}
		}
		slices.Sort(conditional)
		want := []string{"*CoverageLow", "*RunFailed", "No*RunCompleted", "Run*", "Run*Role", "Run*Schedule", "Scan*Function", "Scan*Logs", "Scan*Role"}
		if diff := cmp.Diff(want, conditional); diff != "" {
			t.Errorf("resources for %s (-want +got):\n%s", cloud, diff)
		}
	}
	for parameter, texts := range map[string]map[string]bool{
		"GoogleScope": {
			"": true, "organizations/123": true, "folders/4": true, "projects/my-project": true, "projects/example.com:my-project": true,
			"organizations/acme": false, "123": false, "projects/": false,
		},
		"AzureScope": {
			"": true, "tenants/99999999-8888-7777-6666-555555555555": true, "managementGroups/Platform-1": true, "subscriptions/11111111-2222-3333-4444-555555555555": true,
			"subscriptions/11111111-2222-3333-4444-555555555555,21111111-2222-3333-4444-555555555555": true,
			"tenants/contoso.com": false, "managementGroups/": false, "subscriptions/1": false, "11111111-2222-3333-4444-555555555555": false,
		},
		"AzureIdentityPool": {"": true, "eu-west-1:11111111-2222-3333-4444-555555555555/posture": true, "posture": false, "eu-west-1:11111111-2222-3333-4444-555555555555": false},
	} {
		form := regexp.MustCompile(samtest.Plain(template.Parameters[parameter]["AllowedPattern"]))
		for text, right := range texts {
			if form.MatchString(text) != right {
				t.Errorf("%s %q: allowed %v", parameter, text, !right)
			}
		}
	}
}

// TestRolesFit holds that IAM takes all inline policies of each role: 10,240
// characters together, without white space. What is filled in later is counted
// as it stands in the template, which is longer than an ARN.
func TestRolesFit(t *testing.T) {
	for name, role := range ofType(t, "AWS::IAM::Role") {
		if n := len(samtest.Text(role.Properties["Policies"])); n > 10240 {
			t.Errorf("%s: its policies have %d characters", name, n)
		}
	}
}

// TestRoles holds what else no function may do.
func TestRoles(t *testing.T) {
	template := samtest.Translated(t)
	for name := range ofType(t, "AWS::IAM::Role") {
		for _, s := range template.Statements(t, name) {
			for _, action := range s.Actions {
				if !s.Deny && (strings.HasSuffix(action, "*") || strings.HasPrefix(action, "iam:") && !reads.MatchString(action) && action != "iam:GenerateCredentialReport") {
					t.Errorf("%s may do %s", name, action)
				}
			}
		}
	}
	for _, key := range []string{"state/told/aws/1/a.ndjson.zst", "outbox/a.json"} {
		if !samtest.Allowed(template.Statements(t, "PublishRole"), "s3:DeleteObject", "${Results.Arn}/"+key) {
			t.Errorf("PublishRole may not delete %s, which it does when it is of no more use", key)
		}
	}
	for _, role := range []string{"PlanRole", "ScanRole", "ScanGcpRole", "ScanAzureRole", "PublishRole", "WatchdogRole", "WeeklyRole"} {
		statements := template.Statements(t, role)
		for _, key := range []string{"config/posture.yaml", "config/rules/a.yaml"} {
			if samtest.Allowed(statements, "s3:PutObject", "${Results.Arn}/"+key) {
				t.Errorf("%s may write %s", role, key)
			}
		}
		if samtest.Allowed(statements, "s3:DeleteObject", "${Results.Arn}/runs/2026/11/22/x/run.json") {
			t.Errorf("%s may delete a run", role)
		}
		if role != "PublishRole" && samtest.Allowed(statements, "s3:PutObject", "${Results.Arn}/runs/2026/11/22/x/manifest.json") {
			t.Errorf("%s may close a run", role)
		}
	}
}

// TestReadBack holds that who may put an object may read it: a put whose
// answer was lost is read back.
func TestReadBack(t *testing.T) {
	template := samtest.Translated(t)
	for name := range ofType(t, "AWS::IAM::Role") {
		statements := template.Statements(t, name)
		for _, prefix := range []string{"runs", "targets", "chain", "state", "alerts", "outbox", "sent", "threads", "weekly"} {
			key := "${Results.Arn}/" + prefix + "/a"
			if samtest.Allowed(statements, "s3:PutObject", key) && !samtest.Allowed(statements, "s3:GetObject", key) {
				t.Errorf("%s may put what is in %s/, and may not read it back", name, prefix)
			}
		}
	}
}

// TestWeeklyRole holds that who keeps the pages can write nothing else, and
// reads neither messages nor what people are notified of now.
func TestWeeklyRole(t *testing.T) {
	statements := samtest.Translated(t).Statements(t, "WeeklyRole")
	for call, want := range map[string]bool{
		"s3:GetObject runs/2026/11/22/x/run.json": true, "s3:GetObject config/posture.yaml": true, "s3:GetObject state/latest.json": true,
		"s3:GetObject state/weeks/2026-W46/aws/111122223333.ndjson.zst": true, "s3:PutObject state/weeks/2026-W46/aws/111122223333.ndjson.zst": false,
		"s3:PutObject weekly/2026-W47/posture-2026-W47.html": true, "s3:GetObject weekly/2026-W47/posture-2026-W47.json": true,
		"s3:PutObject runs/2026/11/22/x/run.json": false, "s3:PutObject state/latest.json": false, "s3:GetObject state/told.json": false,
		"s3:GetObject outbox/a.json": false, "s3:PutObject outbox/a.json": false, "s3:DeleteObject weekly/2026-W47/posture-2026-W47.html": false,
	} {
		action, key, _ := strings.Cut(call, " ")
		if samtest.Allowed(statements, action, "${Results.Arn}/"+key) != want {
			t.Errorf("WeeklyRole: %s: want %t", call, want)
		}
	}
}

// TestSchedules holds that what cannot be started is kept and raises an alarm.
func TestSchedules(t *testing.T) {
	schedules := ofType(t, "AWS::Scheduler::Schedule")
	started := map[string]string{}
	for name, schedule := range schedules {
		target := object(t, schedule, "Target")
		started[name] = samtest.Plain(target["Arn"])
		if got := samtest.Text(target["DeadLetterConfig"]); got != `{"Arn":{"Fn::GetAtt":["Undelivered","Arn"]}}` {
			t.Errorf("%s: what cannot be delivered goes to %s", name, got)
		}
	}
	want := map[string]string{"RunSchedule": "${Run}", "RunGcpSchedule": "${RunGcp}", "RunAzureSchedule": "${RunAzure}", "WatchdogSchedule": "${WatchdogFunction.Arn}", "WeeklySchedule": "${WeeklyFunction.Arn}"}
	if diff := cmp.Diff(want, started); diff != "" {
		t.Errorf("schedules (-want +got):\n%s", diff)
	}
	for _, name := range []string{"RunSchedule", "RunGcpSchedule", "RunAzureSchedule", "WeeklySchedule"} {
		if got := samtest.Text(object(t, schedules[name], "Target")["Input"]); got != `"{\"slot\": \"\u003caws.scheduler.scheduled-time\u003e\"}"` {
			t.Errorf("%s: it starts with %s", name, got)
		}
	}
}

// TestAlarms holds that every alarm goes to the topic, which does not go
// through our own code, and that silence is an alarm where it matters.
func TestAlarms(t *testing.T) {
	missing := map[string]string{}
	for name, alarm := range ofType(t, "AWS::CloudWatch::Alarm") {
		if got := samtest.Text(alarm.Properties["AlarmActions"]); got != `[{"Ref":"Alarms"}]` {
			t.Errorf("%s: goes to %s", name, got)
		}
		missing[name] = samtest.Plain(alarm.Properties["TreatMissingData"])
		if dimensions := samtest.Text(alarm.Properties["Dimensions"]); alarm.Properties["Namespace"] == "Posture" &&
			!strings.Contains(dimensions, `{"Name":"Stack","Value":{"Ref":"AWS::StackName"}}`) {
			t.Errorf("%s: stands on the metrics of all stacks of the account: %s", name, dimensions)
		}
	}
	want := map[string]string{
		"NoRunCompleted": "breaching", "NoGcpRunCompleted": "breaching", "NoAzureRunCompleted": "breaching", "WatchdogBarks": "breaching",
		"RunFailed": "notBreaching", "GcpRunFailed": "notBreaching", "AzureRunFailed": "notBreaching",
		"CoverageLow": "breaching", "GcpCoverageLow": "breaching", "AzureCoverageLow": "breaching", "AlertsWait": "breaching", "NotStarted": "notBreaching", "NotTold": "notBreaching", "WeeklyFailed": "notBreaching",
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("missing data (-want +got):\n%s", diff)
	}
	for name, subscription := range ofType(t, "AWS::SNS::Subscription") {
		if subscription.Properties["Protocol"] != "email" {
			t.Errorf("%s: goes by %v", name, subscription.Properties["Protocol"])
		}
	}
}

// alarmKeys matches the alarms of a Terraform file: the keys of its metrics.
var alarmKeys = regexp.MustCompile(`(?m)^    ([a-z]+) += \{`)

// TestRunbook holds that docs/alarms.md has an entry for each alarm that there
// is, and none for another.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile("../../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, heading := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(text), -1) {
		written = append(written, strings.Split(heading[1], ", ")...)
	}
	alarms := slices.Collect(maps.Keys(ofType(t, "AWS::CloudWatch::Alarm")))
	for _, file := range []string{"../gcp/alerts.tf", "../azure/alerts.tf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		locals, _, found := strings.Cut(string(text), "\nresource \"google_logging_metric\"")
		if !found {
			locals = string(text)
		}
		keys := alarmKeys.FindAllStringSubmatch(locals, -1)
		if len(keys) < 5 {
			t.Errorf("%s: only %d alarms were found", file, len(keys))
		}
		for _, key := range keys {
			alarms = append(alarms, key[1])
		}
	}
	slices.Sort(alarms)
	slices.Sort(written)
	if diff := cmp.Diff(slices.Compact(alarms), written); diff != "" {
		t.Errorf("alarms without an entry, and entries without an alarm (-alarms +entries):\n%s", diff)
	}
}

// TestAlarmsStandOnMetrics: what an alarm compares is what the programs say, by
// name and by what it is about, and a bad day is over its threshold.
func TestAlarmsStandOnMetrics(t *testing.T) {
	published := audit.Published{Manifest: snapshot.Manifest{Outcome: snapshot.Failed, Totals: snapshot.Totals{}}}
	bad := setup.RunMetrics("aws", published).Values
	said := maps.Clone(bad)
	maps.Copy(said, setup.WatchMetrics(audit.Watch{
		Series:   []audit.Series{{Missed: &drift.Missed{}}},
		Delivery: outbox.Report{Waiting: 1, Held: 1},
	}).Values)
	for name, alarm := range ofType(t, "AWS::CloudWatch::Alarm") {
		if alarm.Properties["Namespace"] != "Posture" {
			continue
		}
		metric := samtest.Plain(alarm.Properties["MetricName"])
		value, exists := said[metric]
		if !exists {
			t.Errorf("%s: nothing says %s", name, metric)
			continue
		}
		_, ofRun := bad[metric]
		if got := strings.Contains(samtest.Text(alarm.Properties["Dimensions"]), `"Scope"`); got != ofRun {
			t.Errorf("%s: %s is of a scope: %t, want %t", name, metric, got, ofRun)
		}
		threshold, plain := alarm.Properties["Threshold"].(float64)
		if !plain { // the least that the parameter allows
			threshold = samtest.Translated(t).Parameters["CoverageFloor"]["MinValue"].(float64)
		}
		rings := value >= threshold
		if alarm.Properties["ComparisonOperator"] == "LessThanThreshold" {
			rings = value < threshold
		}
		if !rings {
			t.Errorf("%s: %s of %v does not ring at %v", name, metric, value, threshold)
		}
	}
	for _, file := range []string{"../gcp/alerts.tf", "../azure/alerts.tf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`metrics\.([A-Z][A-Za-z]+)`).FindAllStringSubmatch(string(text), -1)
		if len(found) < 4 {
			t.Errorf("%s: only %d metrics", file, len(found))
		}
		for _, metric := range found {
			if _, exists := said[metric[1]]; !exists {
				t.Errorf("%s: nothing says %s", file, metric[1])
			}
		}
	}
}
