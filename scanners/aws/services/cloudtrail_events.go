package services

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// allTrails returns every trail of the account: those that cover the home
// region, and those that record another region only. With an error come the
// trails that are known all the same.
func allTrails(ctx context.Context, p *engine.Place) ([]types.Trail, error) {
	return engine.Once(p.Home(), "every trail", func() ([]types.Trail, error) {
		trails, err := describeTrails(ctx, p)
		if err != nil {
			return nil, err
		}
		elsewhere, err := otherTrails(ctx, p, trails)
		for _, region := range slices.Sorted(maps.Keys(elsewhere)) {
			out, failed := cloudTrailClient(p.In(region)).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: elsewhere[region]})
			if failed != nil {
				err = failed
				continue
			}
			trails = append(slices.Clip(trails), out.TrailList...)
		}
		return trails, err
	})
}

// otherTrails returns the ARNs of the trails beyond those known, by home region.
func otherTrails(ctx context.Context, p *engine.Place, known []types.Trail) (map[string][]string, error) {
	pages := cloudtrail.NewListTrailsPaginator(cloudTrailClient(p.Home()), nil) // the API has no page size
	listed, err := engine.ListAll(ctx, pages, func(out *cloudtrail.ListTrailsOutput) []types.TrailInfo { return out.Trails })
	elsewhere := map[string][]string{}
	for _, info := range listed {
		arn, region := aws.ToString(info.TrailARN), aws.ToString(info.HomeRegion)
		if !slices.ContainsFunc(known, func(t types.Trail) bool { return aws.ToString(t.TrailARN) == arn }) {
			elsewhere[region] = append(elsewhere[region], arn)
		}
	}
	return elsewhere, err
}

// trailStatus returns a trail's status, asked once in its home region.
func trailStatus(ctx context.Context, p *engine.Place, trail types.Trail) (*cloudtrail.GetTrailStatusOutput, error) {
	at := p.In(aws.ToString(trail.HomeRegion))
	return engine.Once(at, "status of "+aws.ToString(trail.TrailARN), func() (*cloudtrail.GetTrailStatusOutput, error) {
		out, err := cloudTrailClient(at).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
		if err == nil && out.IsLogging == nil {
			err = engine.Malformed("cloudtrail:GetTrailStatus", errNoStatus)
		}
		return out, err
	})
}

var errNoStatus error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say whether the trail is logging"}

// trailEvents is what a trail's event selectors record in full: of every
// bucket, every function, every event source.
type trailEvents struct {
	managementReads, managementWrites bool
	s3Reads, s3Writes                 bool
	lambda                            bool
	digestsFail                       bool      // the last digest could not be delivered
	delivered                         time.Time // when log files last reached the bucket; the zero time: not told
}

func (e trailEvents) management() bool { return e.managementReads && e.managementWrites }

// eventsOf returns what a trail records, asked once in its home region. A
// trail without selectors of its own records all management events.
func eventsOf(ctx context.Context, p *engine.Place, trail types.Trail) (trailEvents, error) {
	if trail.HasCustomEventSelectors != nil && !*trail.HasCustomEventSelectors {
		return trailEvents{managementReads: true, managementWrites: true}, nil
	}
	at := p.In(aws.ToString(trail.HomeRegion))
	return engine.Once(at, "events of "+aws.ToString(trail.TrailARN), func() (trailEvents, error) {
		out, err := cloudTrailClient(at).GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: trail.TrailARN})
		if err == nil && out.EventSelectors == nil && out.AdvancedEventSelectors == nil {
			err = engine.Malformed("cloudtrail:GetEventSelectors", errNoSetting)
		}
		if err != nil {
			return trailEvents{}, err
		}
		var events trailEvents
		for _, selector := range out.EventSelectors {
			if err := newValue(selector.ReadWriteType, "cloudtrail:GetEventSelectors"); err != nil {
				return trailEvents{}, err
			}
			events.addBasic(selector, p.Partition)
		}
		for _, selector := range out.AdvancedEventSelectors {
			events.addAdvanced(selector.FieldSelectors, "arn:"+p.Partition+":s3:::"+aws.ToString(trail.S3BucketName))
		}
		return events, nil
	})
}

// addBasic adds what a basic selector records. The only event sources that it
// can leave out are KMS and the RDS Data API.
func (e *trailEvents) addBasic(selector types.EventSelector, partition string) {
	reads := selector.ReadWriteType != types.ReadWriteTypeWriteOnly
	writes := selector.ReadWriteType != types.ReadWriteTypeReadOnly
	if selector.IncludeManagementEvents == nil || *selector.IncludeManagementEvents {
		e.add("Management", "", reads, writes)
	}
	for _, data := range selector.DataResources {
		service := map[string]string{"AWS::S3::Object": "s3", "AWS::Lambda::Function": "lambda"}[aws.ToString(data.Type)]
		every := "arn:" + partition + ":" + service
		if slices.Contains(data.Values, every) || slices.Contains(data.Values, every+":::") {
			e.add("Data", aws.ToString(data.Type), reads, writes)
		}
	}
}

// addAdvanced adds what an advanced selector records, unless it is narrowed
// to some resources, events or callers. To leave out the bucket that the trail
// delivers to is no gap: each delivery would be recorded by the next.
func (e *trailEvents) addAdvanced(fields []types.AdvancedFieldSelector, logBucket string) {
	var category string
	var kinds []string
	reads, writes := true, true
	for _, field := range fields {
		switch aws.ToString(field.Field) {
		case "eventCategory":
			category = oneOf(field.Equals)
		case "resources.type":
			kinds = field.Equals
		case "readOnly":
			reads, writes = slices.Contains(field.Equals, "true"), slices.Contains(field.Equals, "false")
		case "eventSource":
			if !onlyLeavesOut(field, "kms.amazonaws.com", "rdsdata.amazonaws.com") {
				return
			}
		case "resources.ARN":
			if !onlyLeavesOut(field, logBucket, logBucket+"/") {
				return
			}
		default:
			return
		}
	}
	if category == "Management" {
		kinds = []string{""}
	}
	for _, kind := range kinds {
		e.add(category, kind, reads, writes)
	}
}

func (e *trailEvents) add(category, kind string, reads, writes bool) {
	switch {
	case category == "Management":
		e.managementReads = e.managementReads || reads
		e.managementWrites = e.managementWrites || writes
	case category == "Data" && kind == "AWS::S3::Object":
		e.s3Reads = e.s3Reads || reads
		e.s3Writes = e.s3Writes || writes
	case category == "Data" && kind == "AWS::Lambda::Function":
		e.lambda = e.lambda || writes // an invocation counts as a write
	}
}

// onlyLeavesOut reports whether the field excludes nothing but the values.
func onlyLeavesOut(field types.AdvancedFieldSelector, values ...string) bool {
	if len(field.Equals)+len(field.StartsWith)+len(field.EndsWith)+len(field.NotEndsWith) > 0 {
		return false
	}
	other := func(v string) bool { return !slices.Contains(values, v) }
	prefix := func(v string) bool { return other(v) || !strings.HasSuffix(v, "/") } // without a slash, that of other buckets too
	return !slices.ContainsFunc(field.NotEquals, other) && !slices.ContainsFunc(field.NotStartsWith, prefix)
}

// oneOf returns the only value, "" when there are none or more.
func oneOf(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
