package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestAlarms(t *testing.T) {
	alarm := func(name string, doc CloudWatchAlarm, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	open := posture.Unread{Field: "feeds_composite", Cause: *brokenListing("cloudwatch:DescribeAlarms")}
	testReading(t, "AWS::CloudWatch::Alarm", []readingTest{
		{name: "two pages", want: []posture.Resource{
			alarm("any", CloudWatchAlarm{ActionsEnabled: true, Actions: 1, Composite: true}),
			alarm("keys", CloudWatchAlarm{Actions: 1}),
			alarm("root", CloudWatchAlarm{ActionsEnabled: true, Actions: 1}),
			alarm("trails", CloudWatchAlarm{ActionsEnabled: true, FeedsComposite: true}),
		}},
		{name: "second page broken", sections: map[string]string{"cloudwatch:DescribeAlarms NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{
				alarm("root", CloudWatchAlarm{ActionsEnabled: true, Actions: 1}, open),
				alarm("trails", CloudWatchAlarm{ActionsEnabled: true}, open),
			}, cause: brokenListing("cloudwatch:DescribeAlarms")},
	})
}

func TestAuditAlarms(t *testing.T) {
	alarms := func(doc AuditAlarms, cause ...posture.Cause) []posture.Resource {
		r := posture.Resource{Region: posture.Global, ID: "arn:aws:cloudwatch:us-east-1:111122223333:audit-alarms", Name: "Alarms on the audit log", Doc: &doc}
		for _, kind := range auditKinds(&doc) {
			if len(cause) > 0 && !*kind.set {
				r.Unread = append(r.Unread, posture.Unread{Field: kind.field, Cause: cause[0]})
			}
		}
		if len(cause) > 0 {
			r.Unread = append(r.Unread, posture.Unread{Field: "delivery.untold", Cause: cause[0]})
			if doc.Delivery.Delivered.IsZero() {
				r.Unread = append(r.Unread, posture.Unread{Field: "delivery.delivered", Cause: cause[0]})
			}
		}
		return []posture.Resource{r}
	}
	deny := func(operation string) posture.Cause {
		return posture.Cause{Reason: posture.Denied, Operation: operation, Code: "AccessDeniedException", Permission: operation}
	}
	one := map[string]string{"cloudtrail:DescribeTrails": `{"trailList": [{"Name": "main", "TrailARN": "` + mainTrail + `", "HomeRegion": "us-east-1",
		"IsMultiRegionTrail": true, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:trail:*", "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}`,
		"cloudtrail:ListTrails": `{"Trails": []}`}
	const spareTrail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/spare"
	const onlyRoot = `{"metricFilters": [{"filterName": "root", "filterPattern": "{ $.userIdentity.type = Root }",
		"metricTransformations": [{"metricName": "Root", "metricNamespace": "Audit", "metricValue": "1"}]}]}`
	two := `{"trailList": [
		{"TrailARN": "` + mainTrail + `", "HomeRegion": "us-east-1", "IsMultiRegionTrail": true, "HasCustomEventSelectors": false, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:trail:*", "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false},
		{"TrailARN": "` + spareTrail + `", "HomeRegion": "us-east-1", "IsMultiRegionTrail": true, "HasCustomEventSelectors": false, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:spare:*", "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}`
	and := func(name, body string) map[string]string {
		sections := map[string]string{name: body}
		for name, body := range one {
			sections[name] = body
		}
		return sections
	}
	newYear := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	delivered := func(at time.Time) AuditAlarms {
		return AuditAlarms{RootUsage: true, CloudTrailChanges: true, Delivery: TrailRecording{Delivered: at}}
	}
	watched := delivered(newYear)
	ofMain := "cloudtrail:GetTrailStatus Name=" + mainTrail + " region=us-east-1"
	testReading(t, "AWS::CloudWatch::AuditAlarms", []readingTest{
		{name: "two filters have an alarm that acts", sections: one, want: alarms(watched)},
		{name: "no trail", sections: map[string]string{"cloudtrail:DescribeTrails": `{"trailList": []}`, "cloudtrail:ListTrails": `{"Trails": []}`}, want: alarms(AuditAlarms{})},
		{name: "trail stopped", sections: and("cloudtrail:GetTrailStatus Name="+mainTrail+" region=us-east-1", `{"IsLogging": false}`), want: alarms(AuditAlarms{})},
		{name: "trail cannot deliver", sections: and("cloudtrail:GetTrailStatus Name="+mainTrail+" region=us-east-1", `{"IsLogging": true, "LatestDeliveryError": "NoSuchBucket"}`), want: alarms(AuditAlarms{})},
		{name: "trail cannot deliver to the log group", sections: and("cloudtrail:GetTrailStatus Name="+mainTrail+" region=us-east-1", `{"IsLogging": true, "LatestCloudWatchLogsDeliveryError": "Access denied."}`), want: alarms(AuditAlarms{})},
		{name: "nothing was ever delivered to the log group", sections: and(ofMain, `{"IsLogging": true}`), want: alarms(delivered(time.Time{}))},
		{name: "the trail was started after the last delivery", sections: and(ofMain, `{"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": 1760000000, "StartLoggingTime": 1767225600}`), want: alarms(watched)},
		{name: "a second trail delivers to another log group, the first one's is dead", sections: map[string]string{
			"cloudtrail:DescribeTrails": two, "cloudtrail:ListTrails": `{"Trails": []}`,
			ofMain: `{"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": 1760000000}`,
			"cloudtrail:GetTrailStatus Name=" + spareTrail + " region=us-east-1": `{"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": 1767225600}`,
			"logs:DescribeMetricFilters logGroupName=spare":                      onlyRoot,
		}, want: alarms(AuditAlarms{RootUsage: true, Delivery: TrailRecording{Delivered: newYear}})},
		{name: "a second trail is as much alive", sections: map[string]string{
			"cloudtrail:DescribeTrails": two, "cloudtrail:ListTrails": `{"Trails": []}`,
			"cloudtrail:GetTrailStatus Name=" + spareTrail + " region=us-east-1": `{"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": 1767225000}`,
			"logs:DescribeMetricFilters logGroupName=spare":                      onlyRoot,
		}, want: alarms(watched)},
		{name: "a trail of another account, which tells no deliveries", sections: map[string]string{
			"cloudtrail:DescribeTrails": `{"trailList": [{"TrailARN": "` + orgTrail + `", "HomeRegion": "us-east-1", "IsMultiRegionTrail": true, "HasCustomEventSelectors": false,
				"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:trail:*", "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}`,
			"cloudtrail:ListTrails": `{"Trails": []}`,
			"cloudtrail:GetTrailStatus Name=" + orgTrail + " region=us-east-1": `{"IsLogging": true}`,
		}, want: alarms(AuditAlarms{RootUsage: true, CloudTrailChanges: true, Delivery: TrailRecording{Untold: true}})},
		{name: "status refused", sections: and("cloudtrail:GetTrailStatus Name="+mainTrail+" region=us-east-1 error=AccessDeniedException", ""),
			want: alarms(AuditAlarms{}, deny("cloudtrail:GetTrailStatus"))},
		{name: "trails refused", sections: map[string]string{"cloudtrail:DescribeTrails error=AccessDeniedException": ""},
			want: alarms(AuditAlarms{}, deny("cloudtrail:DescribeTrails"))},
		{name: "filters refused", sections: and("logs:DescribeMetricFilters error=AccessDeniedException", ""), want: alarms(AuditAlarms{}, deny("logs:DescribeMetricFilters"))},
		{name: "second page of filters refused", sections: and("logs:DescribeMetricFilters nextToken=two error=AccessDeniedException", ""),
			want: alarms(watched, deny("logs:DescribeMetricFilters"))},
		{name: "alarms refused", sections: and("cloudwatch:DescribeAlarms error=AccessDeniedException", ""), want: alarms(AuditAlarms{}, deny("cloudwatch:DescribeAlarms"))},
		{name: "log group of another account", sections: map[string]string{
			"cloudtrail:DescribeTrails": `{"trailList": [{"TrailARN": "` + mainTrail + `", "HomeRegion": "us-east-1", "IsMultiRegionTrail": true,
				"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:999988887777:log-group:trail:*", "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}`,
			"cloudtrail:ListTrails": `{"Trails": []}`,
		}, want: alarms(AuditAlarms{}, posture.Cause{Reason: posture.OtherAccount, Operation: "logs:DescribeMetricFilters"})},
	})
}

// The patterns are those that the CIS benchmark prescribes, as people paste them.
func TestAuditKindsByTheBenchmarksPatterns(t *testing.T) {
	for field, text := range map[string]string{
		"unauthorized_api":       `{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }`,
		"console_without_mfa":    `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`,
		"root_usage":             `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`,
		"iam_policy_changes":     `{($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=DeleteUserPolicy)||($.eventName=PutGroupPolicy)||($.eventName=PutRolePolicy)||($.eventName=PutUserPolicy)||($.eventName=CreatePolicy)||($.eventName=DeletePolicy)||($.eventName=CreatePolicyVersion)||($.eventName=DeletePolicyVersion)||($.eventName=AttachRolePolicy)||($.eventName=DetachRolePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachUserPolicy)||($.eventName=AttachGroupPolicy)||($.eventName=DetachGroupPolicy)}`,
		"cloudtrail_changes":     `{($.eventName=CreateTrail)||($.eventName=UpdateTrail)||($.eventName=DeleteTrail)||($.eventName=StartLogging)||($.eventName=StopLogging)}`,
		"console_failures":       `{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`,
		"kms_key_deletion":       `{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }`,
		"bucket_policy_changes":  `{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || ($.eventName = DeleteBucketReplication)) }`,
		"config_changes":         `{ ($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder)) }`,
		"security_group_changes": `{ ($.eventName = %SecurityGroup%) && ($.eventSource = "ec2.*") }`,
		"network_acl_changes":    `{ ($.eventName = *NetworkAcl*) }`,
		"gateway_changes":        `{ ($.eventName = CreateCustomerGateway) || ($.eventName = DeleteCustomerGateway) || ($.eventName = AttachInternetGateway) || ($.eventName = CreateInternetGateway) || ($.eventName = DeleteInternetGateway) || ($.eventName = DetachInternetGateway) }`,
		"route_changes":          `{($.eventSource = ec2.amazonaws.com) && ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }`,
		"vpc_changes":            `{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || ($.eventName = AcceptVpcPeeringConnection) || ($.eventName = CreateVpcPeeringConnection) || ($.eventName = DeleteVpcPeeringConnection) || ($.eventName = RejectVpcPeeringConnection) || ($.eventName = AttachClassicLinkVpc) }`,
		"organization_changes":   `{ ($.eventSource = organizations.amazonaws.com) && ($.readOnly IS FALSE || $.eventName = "*") }`,
	} {
		parsed, err := parsePattern(text)
		if err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		for _, kind := range auditKinds(&AuditAlarms{}) {
			if got := kind.covered([]pattern{parsed}); got != (kind.field == field) {
				t.Errorf("the pattern for %s covers %s: %v", field, kind.field, got)
			}
		}
	}
}

func TestAuditKindsNotCovered(t *testing.T) {
	for name, text := range map[string]string{
		"every event":         `{ $.eventName = * }`,
		"one event missing":   `{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) }`,
		"the other way round": `{ $.eventName != "CreateTrail" }`,
		"a number":            `{ $.responseElements.size > 5 }`,
	} {
		parsed, err := parsePattern(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, kind := range auditKinds(&AuditAlarms{}) {
			if kind.covered([]pattern{parsed}) {
				t.Errorf("%s covers %s", name, kind.field)
			}
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for _, text := range []string{
		"", "{", "{}", "ERROR", `{ $.a = }`, `{ $.a = 1 || }`, `{ ($.a = 1 }`, `{ $.a = 1) }`, `{ a = 1 }`, `{ $.a NOT }`, `{ $.a IS MAYBE }`,
		`{ $.a == 1 }`, `{ $.a = %[% }`, `{ $.a = 1 $.b = 2 }`, `{ $.a > }`,
	} {
		if _, err := parsePattern(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	f.Add(`{ ($.a = "b*") && ($.c NOT EXISTS || $.d != %x%) }`)
	f.Add(`{((((($.a IS NULL)))))}`)
	f.Fuzz(func(t *testing.T, text string) {
		if parsed, err := parsePattern(text); err == nil {
			parsed(sample("ec2.amazonaws.com", "RunInstances"))
		}
	})
}
