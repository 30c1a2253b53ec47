package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// CloudTrailTrail is what rules may ask of a trail. A trail of the
// organisation is a resource of each of its accounts.
type CloudTrailTrail struct {
	MultiRegion             bool      `json:"multi_region"`              // records the events of every region
	Organization            bool      `json:"organization"`              // the organisation's trail, for all of its accounts
	Owner                   string    `json:"owner"`                     // id of the account that can change it; for the organisation's trail its management account
	Logging                 bool      `json:"logging"`                   // is recording now
	DigestsFail             bool      `json:"digests_fail"`              // the last digest could not be delivered
	ManagementEvents        bool      `json:"management_events"`         // records all management events, reads and writes; KMS and RDS Data API may be left out
	LogFileValidation       bool      `json:"log_file_validation"`       // writes digests that show later tampering
	KMSKey                  string    `json:"kms_key"`                   // KMS key that encrypts the log files; empty for the bucket's own encryption
	CloudWatchLogs          bool      `json:"cloudwatch_logs"`           // is set to deliver to a log group
	CloudWatchLogsFail      bool      `json:"cloudwatch_logs_fail"`      // the last delivery to the log group failed
	CloudWatchLogsDelivered time.Time `json:"cloudwatch_logs_delivered"` // last delivery to the log group; the zero time if never
	Bucket                  string    `json:"bucket"`                    // bucket that the log files go to
}

// CloudTrailAccount is what rules may ask of all of an account's trails
// together. There is one in every account, also in one without any trail. Each
// recording is by multi-region trails that are logging and whose last delivery
// did not fail.
type CloudTrailAccount struct {
	MultiRegionTrail  TrailRecording `json:"multi_region_trail"` // all management events
	SecurityTrail     TrailRecording `json:"security_trail"`     // the same by a trail that also validates log files, encrypts them with KMS and records global services
	S3ObjectReads     TrailRecording `json:"s3_object_reads"`    // reads of the objects of every bucket
	S3ObjectWrites    TrailRecording `json:"s3_object_writes"`   // ... and writes
	LambdaInvocations TrailRecording `json:"lambda_invocations"` // every function's invocations
}

// TrailRecording is what rules may ask of how events of one kind are recorded.
// Where no trail records them it has the zero value.
type TrailRecording struct {
	Delivered time.Time `json:"delivered"` // the latest delivery of such a trail to its bucket, or its start if that is later
	Untold    bool      `json:"untold"`    // by some such trail it is not told: the organisation's in its members, or one that may have had nothing to deliver
}

// statusFields are the fields that come from a trail's status.
var statusFields = []string{"logging", "digests_fail", "cloudwatch_logs_fail", "cloudwatch_logs_delivered"}

var cloudTrailTrails = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudTrail::Trail",
		Service: "cloudtrail",
		Doc:     CloudTrailTrail{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "cloudtrail:DescribeTrails"},
			{Op: "cloudtrail:ListTrails"},
			{Op: "cloudtrail:GetTrailStatus", Each: true, For: statusFields},
			{Op: "cloudtrail:GetEventSelectors", Each: true, For: []string{"management_events"}},
		},
		Console: scanners.Console{Path: "/cloudtrailv2/home?region={region}#/trails/{id}"},
	},
	Scan: scanTrails,
}

// CloudFormation has no such type: it stands for CloudTrail in the account.
var cloudTrailAccounts = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudTrail::Account",
		Service: "cloudtrail",
		Doc:     CloudTrailAccount{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "cloudtrail:DescribeTrails"},
			{Op: "cloudtrail:ListTrails"},
			{Op: "cloudtrail:GetTrailStatus", Each: true},
			{Op: "cloudtrail:GetEventSelectors", Each: true},
		},
		Console: scanners.Console{Path: "/cloudtrailv2/home?region={home}#/trails"},
	},
	Scan: scanCloudTrailAccount,
}

func cloudTrailClient(p *engine.Place) *cloudtrail.Client {
	return engine.Client(p, cloudtrail.NewFromConfig)
}

func scanTrails(ctx context.Context, p *engine.Place) error {
	trails, err := allTrails(ctx, p)
	if stopped := engine.Each(ctx, p, trails, readTrail); stopped != nil {
		return stopped
	}
	return err
}

func readTrail(ctx context.Context, p *engine.Place, trail types.Trail) {
	r := p.Read()
	doc := CloudTrailTrail{
		MultiRegion:       r.Flag(trail.IsMultiRegionTrail, "cloudtrail:DescribeTrails", "multi_region"),
		Organization:      aws.ToBool(trail.IsOrganizationTrail),
		LogFileValidation: r.Flag(trail.LogFileValidationEnabled, "cloudtrail:DescribeTrails", "log_file_validation"),
		KMSKey:            aws.ToString(trail.KmsKeyId),
		CloudWatchLogs:    aws.ToString(trail.CloudWatchLogsLogGroupArn) != "",
		Bucket:            aws.ToString(trail.S3BucketName),
	}
	if named, err := arn.Parse(aws.ToString(trail.TrailARN)); err == nil {
		doc.Owner = named.AccountID
	}
	if doc.Owner == "" {
		r.Absent("cloudtrail:DescribeTrails", "owner")
	}
	if r.Wants(statusFields...) {
		status, err := trailStatus(ctx, p, trail)
		if r.Got(err, statusFields...) {
			doc.Logging = aws.ToBool(status.IsLogging)
			doc.DigestsFail = aws.ToString(status.LatestDigestDeliveryError) != ""
			doc.CloudWatchLogsFail = aws.ToString(status.LatestCloudWatchLogsDeliveryError) != ""
			doc.CloudWatchLogsDelivered = aws.ToTime(status.LatestCloudWatchLogsDeliveryTime)
		}
	}
	if r.Wants("management_events") {
		events, err := eventsOf(ctx, p, trail)
		r.Got(err, "management_events")
		doc.ManagementEvents = events.management()
	}
	r.EmitIn(aws.ToString(trail.HomeRegion), aws.ToString(trail.TrailARN), aws.ToString(trail.Name), nil, &doc)
}

// scanCloudTrailAccount emits the account's one resource, under an id that
// does not depend on its trails.
func scanCloudTrailAccount(ctx context.Context, p *engine.Place) error {
	var doc CloudTrailAccount
	r := p.Read()
	trails, listed := allTrails(ctx, p)
	for _, fact := range []struct {
		field string
		set   *TrailRecording
		holds func(types.Trail, trailEvents) bool
	}{
		{"multi_region_trail", &doc.MultiRegionTrail, func(_ types.Trail, e trailEvents) bool { return e.management() }},
		{"security_trail", &doc.SecurityTrail, secureTrail},
		{"s3_object_reads", &doc.S3ObjectReads, func(_ types.Trail, e trailEvents) bool { return e.s3Reads }},
		{"s3_object_writes", &doc.S3ObjectWrites, func(_ types.Trail, e trailEvents) bool { return e.s3Writes }},
		{"lambda_invocations", &doc.LambdaInvocations, func(_ types.Trail, e trailEvents) bool { return e.lambda }},
	} {
		if !r.Wants(fact.field) {
			continue
		}
		recording, err := recordingBy(ctx, p, trails, fact.holds)
		if *fact.set = recording; !recording.Untold && r.Got(err, fact.field+".untold") {
			r.Got(listed, fact.field+".untold")
		}
	}
	r.EmitIn(posture.Global, p.Home().ARN("cloudtrail", "account"), "CloudTrail", nil, &doc)
	return nil
}

// secureTrail reports whether a trail has every protection at once.
func secureTrail(trail types.Trail, events trailEvents) bool {
	return events.management() && aws.ToBool(trail.LogFileValidationEnabled) && !events.digestsFail &&
		aws.ToString(trail.KmsKeyId) != "" && aws.ToBool(trail.IncludeGlobalServiceEvents)
}
