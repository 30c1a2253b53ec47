package services

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/internal/posture"
)

const (
	mainTrail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
	oldTrail  = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/old"
	orgTrail  = "arn:aws:cloudtrail:eu-west-1:999988887777:trail/org"
)

func TestTrails(t *testing.T) {
	const status, selectors, denied = "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "AccessDeniedException"
	home := posture.Resource{ID: mainTrail, Name: "main", Doc: &CloudTrailTrail{
		Owner: testAccount, MultiRegion: true, Logging: true, ManagementEvents: true, LogFileValidation: true, Bucket: "trail-logs", CloudWatchLogs: true,
		KMSKey: "arn:aws:kms:us-east-1:111122223333:key/trail", CloudWatchLogsDelivered: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}}
	stopped := posture.Resource{ID: oldTrail, Name: "old", Region: "eu-west-1", Doc: &CloudTrailTrail{Owner: testAccount, Bucket: "old-logs"}}
	shadow := posture.Resource{ID: orgTrail, Name: "org", Region: "eu-west-1", Doc: &CloudTrailTrail{Owner: "999988887777", MultiRegion: true, Organization: true, Bucket: "org-logs"},
		Unread: append(refused(status, denied, status, statusFields...), refused(selectors, denied, selectors, "management_events")...)}
	testReading(t, "AWS::CloudTrail::Trail", []readingTest{
		{name: "three trails", want: []posture.Resource{stopped, shadow, home}},
		{name: "no trail", sections: map[string]string{"cloudtrail:DescribeTrails": `{"trailList": []}`, "cloudtrail:ListTrails": `{"Trails": []}`}},
		{name: "a trail as it is made, whose selectors need no call", sections: map[string]string{
			"cloudtrail:DescribeTrails": `{"trailList": [{"Name": "main", "TrailARN": "` + mainTrail + `", "HomeRegion": "us-east-1", "HasCustomEventSelectors": false, "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}`,
			"cloudtrail:ListTrails":     `{"Trails": []}`,
			selectors + " TrailName=" + mainTrail + " region=us-east-1 error=AccessDeniedException": "",
		}, want: []posture.Resource{{ID: mainTrail, Name: "main", Doc: &CloudTrailTrail{
			Owner: testAccount, Logging: true, ManagementEvents: true, CloudWatchLogsDelivered: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		}}}},
		{name: "digests and log group fail; the status says too little; what a member sees", sections: map[string]string{
			status + " Name=" + mainTrail + " region=us-east-1": `{"IsLogging": true, "LatestDigestDeliveryError": "AccessDenied", "LatestCloudWatchLogsDeliveryError": "Access denied."}`,
			status + " Name=" + oldTrail + " region=eu-west-1":  `{}`,
			status + " Name=" + orgTrail + " region=eu-west-1":  `{"IsLogging": true}`,
		}, want: []posture.Resource{
			{ID: oldTrail, Name: "old", Region: "eu-west-1", Doc: stopped.Doc, Unread: unsaid(status, statusFields...)},
			{ID: orgTrail, Name: "org", Region: "eu-west-1", Doc: &CloudTrailTrail{Owner: "999988887777", MultiRegion: true, Organization: true, Logging: true, Bucket: "org-logs"},
				Unread: refused(selectors, denied, selectors, "management_events")},
			{ID: mainTrail, Name: "main", Doc: &CloudTrailTrail{
				Owner: testAccount, MultiRegion: true, Logging: true, ManagementEvents: true, LogFileValidation: true, DigestsFail: true, Bucket: "trail-logs",
				KMSKey: "arn:aws:kms:us-east-1:111122223333:key/trail", CloudWatchLogs: true, CloudWatchLogsFail: true,
			}},
		}},
		{name: "listing of other regions broken", sections: map[string]string{"cloudtrail:ListTrails NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{shadow, home}, cause: brokenListing("cloudtrail:ListTrails")},
		{name: "trail of another region broken", sections: map[string]string{"cloudtrail:DescribeTrails region=eu-west-1 trailNameList.1=" + oldTrail + " error=InternalError status=500": ""},
			want: []posture.Resource{shadow, home}, cause: brokenListing("cloudtrail:DescribeTrails")},
	})
}

func TestCloudTrailAccount(t *testing.T) {
	const status, selectors, denied = "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "AccessDeniedException"
	account := func(doc CloudTrailAccount, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{Region: posture.Global, ID: "arn:aws:cloudtrail:us-east-1:111122223333:account", Name: "CloudTrail", Doc: &doc, Unread: unread}}
	}
	onMain := func(operation string) string { return operation + " Name=" + mainTrail + " region=us-east-1" }
	onOrg := status + " Name=" + orgTrail + " region=eu-west-1"
	garbled := func(fields ...string) (unread []posture.Unread) {
		for _, field := range fields {
			unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.Malformed, Operation: status}})
		}
		return unread
	}
	all := []string{"multi_region_trail.untold", "security_trail.untold", "s3_object_reads.untold", "s3_object_writes.untold", "lambda_invocations.untold"}
	long, lately := TrailRecording{Delivered: time.Unix(1760000000, 0).UTC()}, TrailRecording{Delivered: time.Unix(1767000000, 0).UTC()}
	untold := TrailRecording{Untold: true}
	testReading(t, "AWS::CloudTrail::Account", []readingTest{
		{name: "what one trail does not record the unread one may", want: account(
			CloudTrailAccount{MultiRegionTrail: untold, SecurityTrail: untold, S3ObjectWrites: untold},
			refused(status, denied, status, "s3_object_reads.untold", "lambda_invocations.untold")...)},
		{name: "no trail", sections: map[string]string{"cloudtrail:DescribeTrails": `{"trailList": []}`, "cloudtrail:ListTrails": `{"Trails": []}`},
			want: account(CloudTrailAccount{})},
		{name: "stopped, and the other trail is unread", sections: map[string]string{onMain(status): `{"IsLogging": false}`},
			want: account(CloudTrailAccount{}, refused(status, denied, status, all...)...)},
		{name: "logging, and nothing arrives", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryError": "NoSuchBucket", "LatestDeliveryTime": 1760000000}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{})},
		{name: "logging, nothing arrives, and no error says so", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryTime": 1760000000, "StartLoggingTime": 1750000000}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: long, SecurityTrail: long, S3ObjectWrites: long})},
		{name: "nothing ever arrived since it was started", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryAttemptSucceeded": "", "StartLoggingTime": 1760000000}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: long, SecurityTrail: long, S3ObjectWrites: long})},
		{name: "the last attempt that succeeded, told as a text", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryAttemptTime": "2026-01-09T10:00:00Z", "LatestDeliveryAttemptSucceeded": "2025-12-29T09:20:00Z"}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: lately, SecurityTrail: lately, S3ObjectWrites: lately})},
		{name: "the last attempt that succeeded cannot be read", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryAttemptSucceeded": "yesterday"}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{}, garbled(all...)...)},
		{name: "it cannot be read, and the organisation's trail records some", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryAttemptSucceeded": "yesterday"}`,
			onOrg:          `{"IsLogging": true}`,
			selectors + " TrailName=" + orgTrail + " region=eu-west-1": `{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: untold}, garbled("security_trail.untold", "s3_object_reads.untold", "s3_object_writes.untold", "lambda_invocations.untold")...)},
		{name: "started again after months", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryTime": 1760000000, "StartLoggingTime": 1767000000}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: lately, SecurityTrail: lately, S3ObjectWrites: lately})},
		{name: "the organisation's trail stands in for a dead one, its start being no delivery", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryTime": 1760000000}`,
			onOrg:          `{"IsLogging": true, "StartLoggingTime": 1750000000}`,
			selectors + " TrailName=" + orgTrail + " region=eu-west-1": `{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: TrailRecording{Delivered: long.Delivered, Untold: true}, SecurityTrail: long, S3ObjectWrites: long})},
		{name: "a trail of objects only may have had nothing to deliver", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDeliveryTime": 1760000000}`, onOrg: `{"IsLogging": false}`,
			selectors + " TrailName=" + mainTrail + " region=us-east-1": `{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": false, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]}`,
		}, want: account(CloudTrailAccount{S3ObjectReads: untold, S3ObjectWrites: untold})},
		{name: "digests do not arrive", sections: map[string]string{
			onMain(status): `{"IsLogging": true, "LatestDigestDeliveryError": "AccessDenied"}`, onOrg: `{"IsLogging": false}`,
		}, want: account(CloudTrailAccount{MultiRegionTrail: untold, S3ObjectWrites: untold})},
		{name: "what kind of calls it records is not known", sections: map[string]string{
			onOrg: `{"IsLogging": false}`,
			selectors + " TrailName=" + mainTrail + " region=us-east-1": `{"EventSelectors": [{"ReadWriteType": "Some", "IncludeManagementEvents": true}]}`,
		}, want: account(CloudTrailAccount{}, unknownValue(selectors, all...)...)},
		{name: "status refused", sections: map[string]string{onMain(status) + " error=AccessDeniedException": ""},
			want: account(CloudTrailAccount{}, refused(status, denied, status, all...)...)},
		{name: "no trail listed", sections: map[string]string{"cloudtrail:DescribeTrails error=AccessDeniedException": ""},
			want: account(CloudTrailAccount{}, refused("cloudtrail:DescribeTrails", denied, "cloudtrail:DescribeTrails", all...)...)},
		{name: "only a trail of one region", sections: map[string]string{
			"cloudtrail:DescribeTrails":                        `{"trailList": []}`,
			"cloudtrail:ListTrails":                            `{"Trails": [{"TrailARN": "` + oldTrail + `", "HomeRegion": "eu-west-1"}]}`,
			status + " Name=" + oldTrail + " region=eu-west-1": `{"IsLogging": true}`,
		}, want: account(CloudTrailAccount{})},
	})
}

// Two scanners read the same trails: no call is made twice.
func TestTrailsAreReadOnce(t *testing.T) {
	cloud := cloudOf(fixtures(t, nil))
	scanWant(t, serve(t, cloud), wantAll("AWS::CloudTrail::Trail", "AWS::CloudTrail::Account", "AWS::CloudWatch::AuditAlarms"))
	var calls []string
	for _, request := range cloud.Log() {
		calls = append(calls, request.String())
	}
	slices.Sort(calls)
	for i := 1; i < len(calls); i++ {
		if calls[i] == calls[i-1] {
			t.Errorf("made twice: %s", calls[i])
		}
	}
}

func TestTrailEvents(t *testing.T) {
	field := func(name string, equals ...string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: aws.String(name), Equals: equals}
	}
	basic := func(rw types.ReadWriteType, management bool, data ...types.DataResource) types.EventSelector {
		return types.EventSelector{ReadWriteType: rw, IncludeManagementEvents: &management, DataResources: data}
	}
	everyObject := types.DataResource{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3"}}
	oneBucket := types.DataResource{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3:::alpha/"}}
	everyFunction := types.DataResource{Type: aws.String("AWS::Lambda::Function"), Values: []string{"arn:aws:lambda"}}
	objects := []types.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")}
	but := func(resources types.AdvancedFieldSelector) []types.AdvancedFieldSelector {
		resources.Field = aws.String("resources.ARN")
		return append(slices.Clone(objects), resources)
	}
	for name, test := range map[string]struct {
		basic    []types.EventSelector
		advanced [][]types.AdvancedFieldSelector
		want     trailEvents
	}{
		"nothing":            {},
		"all management":     {basic: []types.EventSelector{basic(types.ReadWriteTypeAll, true)}, want: trailEvents{managementReads: true, managementWrites: true}},
		"management writes":  {basic: []types.EventSelector{basic(types.ReadWriteTypeWriteOnly, true)}, want: trailEvents{managementWrites: true}},
		"objects and lambda": {basic: []types.EventSelector{basic(types.ReadWriteTypeAll, false, everyObject, everyFunction)}, want: trailEvents{s3Reads: true, s3Writes: true, lambda: true}},
		"one bucket":         {basic: []types.EventSelector{basic(types.ReadWriteTypeAll, false, oneBucket)}},
		"reads and writes in two selectors": {advanced: [][]types.AdvancedFieldSelector{
			{field("eventCategory", "Management"), field("readOnly", "true")}, {field("eventCategory", "Management"), field("readOnly", "false")},
		}, want: trailEvents{managementReads: true, managementWrites: true}},
		"management of one caller":              {advanced: [][]types.AdvancedFieldSelector{{field("eventCategory", "Management"), field("userIdentity.arn", "x")}}},
		"management of one source":              {advanced: [][]types.AdvancedFieldSelector{{field("eventCategory", "Management"), field("eventSource", "ec2.amazonaws.com")}}},
		"all objects":                           {advanced: [][]types.AdvancedFieldSelector{objects}, want: trailEvents{s3Reads: true, s3Writes: true}},
		"all objects but the log files":         {advanced: [][]types.AdvancedFieldSelector{but(types.AdvancedFieldSelector{NotStartsWith: []string{"arn:aws:s3:::logs/"}})}, want: trailEvents{s3Reads: true, s3Writes: true}},
		"all objects but another bucket's":      {advanced: [][]types.AdvancedFieldSelector{but(types.AdvancedFieldSelector{NotStartsWith: []string{"arn:aws:s3:::logs/", "arn:aws:s3:::alpha/"}})}},
		"all objects but buckets that begin so": {advanced: [][]types.AdvancedFieldSelector{but(types.AdvancedFieldSelector{NotStartsWith: []string{"arn:aws:s3:::logs"}})}},
		"the log files only":                    {advanced: [][]types.AdvancedFieldSelector{but(types.AdvancedFieldSelector{StartsWith: []string{"arn:aws:s3:::logs/"}})}},
		"some objects":                          {advanced: [][]types.AdvancedFieldSelector{append(slices.Clone(objects), types.AdvancedFieldSelector{Field: aws.String("resources.ARN"), StartsWith: []string{"arn:aws:s3:::alpha/"}})}},
	} {
		t.Run(name, func(t *testing.T) {
			var got trailEvents
			for _, selector := range test.basic {
				got.addBasic(selector, "aws")
			}
			for _, selector := range test.advanced {
				got.addAdvanced(selector, "arn:aws:s3:::logs")
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// unsaid returns fields as unread because the operation's answer lacks them.
func unsaid(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.NotAnswered, Operation: operation, Field: field}})
	}
	return unread
}
