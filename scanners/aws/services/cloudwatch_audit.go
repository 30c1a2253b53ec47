package services

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AuditAlarms is what rules may ask of the alarms on what CloudTrail records.
// Each field says that every event of a kind sets off an alarm that acts: a
// multi-region trail is set to deliver the event to a log group, a metric filter
// there matches it, and an alarm watches the filter's metric. Whether events
// arrive there is told by Delivery. There is one resource in every account.
type AuditAlarms struct {
	UnauthorizedAPI      bool `json:"unauthorized_api"`       // calls that were refused
	ConsoleWithoutMFA    bool `json:"console_without_mfa"`    // console sign-ins without a second factor
	RootUsage            bool `json:"root_usage"`             // anything that the root user does
	IAMPolicyChanges     bool `json:"iam_policy_changes"`     // changes of policies and of who has them
	CloudTrailChanges    bool `json:"cloudtrail_changes"`     // changes of trails, starting and stopping them
	ConsoleFailures      bool `json:"console_failures"`       // failed console sign-ins
	KMSKeyDeletion       bool `json:"kms_key_deletion"`       // keys disabled or scheduled for deletion
	BucketPolicyChanges  bool `json:"bucket_policy_changes"`  // changes of who may reach buckets, and of lifecycle and replication
	ConfigChanges        bool `json:"config_changes"`         // changes of AWS Config's recorder and channel
	SecurityGroupChanges bool `json:"security_group_changes"` // changes of security groups
	NetworkACLChanges    bool `json:"network_acl_changes"`    // changes of network ACLs
	GatewayChanges       bool `json:"gateway_changes"`        // changes of internet and customer gateways
	RouteChanges         bool `json:"route_changes"`          // changes of route tables
	VPCChanges           bool `json:"vpc_changes"`            // changes of VPCs and peerings
	OrganizationChanges  bool `json:"organization_changes"`   // changes of the organisation, its accounts and policies

	Delivery TrailRecording `json:"delivery"` // how events reach the log groups of those filters
}

// CloudFormation has no such type: it stands for the alarms of the account
// that watch its audit log.
var auditAlarms = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudWatch::AuditAlarms",
		Service: "cloudwatch",
		Doc:     AuditAlarms{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "cloudtrail:DescribeTrails"},
			{Op: "cloudtrail:ListTrails"},
			{Op: "cloudtrail:GetTrailStatus"},
			{Op: "cloudtrail:GetEventSelectors"},
			{Op: "logs:DescribeMetricFilters"},
			{Op: "cloudwatch:DescribeAlarms"},
		},
		Console: scanners.Console{Path: "/cloudwatch/home?region={home}#alarmsV2:"},
	},
	Scan: scanAuditAlarms,
}

var errOtherAccount error = &posture.ReasonError{Reason: posture.OtherAccount, Text: "the log group belongs to another account"}

// scanAuditAlarms emits the account's one resource.
func scanAuditAlarms(ctx context.Context, p *engine.Place) error {
	var doc AuditAlarms
	r := p.Read()
	logs, err := alarmedLogs(ctx, p)
	patterns := livePatterns(logs)
	for _, kind := range auditKinds(&doc) {
		if !r.Wants(kind.field) {
			continue
		}
		if *kind.set = kind.covered(patterns); !*kind.set {
			r.Got(err, kind.field)
		}
	}
	if doc.Delivery = deliveryTo(logs); r.Wants("delivery") && !doc.Delivery.Untold {
		r.Got(err, "delivery.untold")
		if doc.Delivery.Delivered.IsZero() {
			r.Got(err, "delivery.delivered")
		}
	}
	r.EmitIn(posture.Global, p.Home().ARN("cloudwatch", "audit-alarms"), "Alarms on the audit log", nil, &doc)
	return nil
}

// auditLog is a log group that a trail delivers to, and that has filters.
type auditLog struct {
	patterns  []pattern // of the filters that set off an alarm that acts
	delivered time.Time // when events last arrived there, or the trail was started; the zero time if neither is told
	own       bool      // the account owns the trail, and sees what it delivers
}

// dead reports whether nothing arrives here any more, as another group shows:
// all of them get the same management events.
func (l auditLog) dead(newest time.Time) bool {
	return l.own && l.delivered.Before(newest.Add(-24*time.Hour))
}

// newestOf returns the latest delivery to any of the log groups.
func newestOf(logs []auditLog) (newest time.Time) {
	for _, log := range logs {
		if log.delivered.After(newest) {
			newest = log.delivered
		}
	}
	return newest
}

// livePatterns returns the patterns of all log groups but those that are dead.
func livePatterns(logs []auditLog) (patterns []pattern) {
	newest := newestOf(logs)
	for _, log := range logs {
		if !log.dead(newest) {
			patterns = append(patterns, log.patterns...)
		}
	}
	return patterns
}

// deliveryTo says how events reach the log groups. It is untold where all are of
// trails that the account does not own, whose deliveries it may not see.
func deliveryTo(logs []auditLog) TrailRecording {
	told := func(log auditLog) bool { return log.own || !log.delivered.IsZero() }
	return TrailRecording{Delivered: newestOf(logs).UTC(), Untold: len(logs) > 0 && !slices.ContainsFunc(logs, told)}
}

// alarmedLogs returns the log groups with filters that set off an alarm that
// acts. Its error says why there may be more.
func alarmedLogs(ctx context.Context, p *engine.Place) ([]auditLog, error) {
	var logs []auditLog
	trails, unread := allTrails(ctx, p)
	for _, trail := range trails {
		if aws.ToString(trail.CloudWatchLogsLogGroupArn) == "" {
			continue
		}
		found, err := trailLog(ctx, p, trail)
		if err != nil {
			unread = err
		}
		if len(found.patterns) > 0 {
			logs = append(logs, found)
		}
	}
	return logs, unread
}

// trailLog returns one trail's log group, without patterns when the trail is
// stopped, cannot deliver there, or does not record all that it should.
func trailLog(ctx context.Context, p *engine.Place, trail types.Trail) (auditLog, error) {
	events, err := liveEvents(ctx, p, trail)
	if err != nil || !events.management() {
		return auditLog{}, err
	}
	status, err := trailStatus(ctx, p, trail)
	if err != nil || aws.ToString(status.LatestCloudWatchLogsDeliveryError) != "" {
		return auditLog{}, err
	}
	log := auditLog{own: arnOwnedHere(p, trail.TrailARN), delivered: aws.ToTime(status.LatestCloudWatchLogsDeliveryTime)}
	if started := aws.ToTime(status.StartLoggingTime); log.own && started.After(log.delivered) {
		log.delivered = started
	}
	log.patterns, err = alarmedPatterns(ctx, p, trail)
	return log, err
}

// alarmedPatterns returns the filter patterns on a trail's log group that set off
// an alarm that acts. Its error says why there may be more.
func alarmedPatterns(ctx context.Context, p *engine.Place, trail types.Trail) ([]pattern, error) {
	group, err := arn.Parse(aws.ToString(trail.CloudWatchLogsLogGroupArn))
	if err != nil {
		return nil, engine.Malformed("cloudtrail:DescribeTrails", err)
	}
	if group.AccountID != p.Account {
		return nil, engine.Malformed("logs:DescribeMetricFilters", errOtherAccount)
	}
	at := p.In(group.Region)
	name := strings.TrimSuffix(strings.TrimPrefix(group.Resource, "log-group:"), ":*")
	filters, err := metricFilters(ctx, at, name)
	if len(filters) == 0 {
		return nil, err
	}
	alarms, failed := alarmsOf(ctx, at)
	if failed != nil {
		err = failed
	}
	patterns, failed := withAlarm(filters, alarms)
	if failed != nil {
		err = failed
	}
	return patterns, err
}

// metricFilters returns the metric filters of a log group of the region.
func metricFilters(ctx context.Context, p *engine.Place, group string) ([]logtypes.MetricFilter, error) {
	return engine.Once(p, "metric filters of "+group, func() ([]logtypes.MetricFilter, error) {
		pages := cloudwatchlogs.NewDescribeMetricFiltersPaginator(logsClient(p),
			&cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group, Limit: aws.Int32(50)})
		return engine.ListAll(ctx, pages, func(out *cloudwatchlogs.DescribeMetricFiltersOutput) []logtypes.MetricFilter {
			return out.MetricFilters
		})
	})
}

// withAlarm returns the patterns of the filters whose metric an acting alarm
// watches. Patterns for other events than JSON ones are left out; one that
// should be understood and is not gives an error.
func withAlarm(filters []logtypes.MetricFilter, alarms []alarm) ([]pattern, error) {
	watched := map[string]bool{}
	for _, a := range alarms {
		for _, metric := range a.metrics {
			if a.acts() {
				watched[aws.ToString(metric.Namespace)+"\n"+aws.ToString(metric.MetricName)] = true
			}
		}
	}
	var patterns []pattern
	var unread error
	for _, filter := range filters {
		text := strings.TrimSpace(aws.ToString(filter.FilterPattern))
		if !strings.HasPrefix(text, "{") || !anyWatched(filter, watched) {
			continue
		}
		parsed, err := parsePattern(text)
		if err != nil {
			unread = engine.Malformed("logs:DescribeMetricFilters", err)
			continue
		}
		patterns = append(patterns, parsed)
	}
	return patterns, unread
}

func anyWatched(filter logtypes.MetricFilter, watched map[string]bool) bool {
	for _, metric := range filter.MetricTransformations {
		if watched[aws.ToString(metric.MetricNamespace)+"\n"+aws.ToString(metric.MetricName)] {
			return true
		}
	}
	return false
}
