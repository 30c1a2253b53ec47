package services

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// recordingBy returns how the trails that hold record. Its error says why there
// may be more.
func recordingBy(ctx context.Context, p *engine.Place, trails []types.Trail, holds func(types.Trail, trailEvents) bool) (TrailRecording, error) {
	var recording TrailRecording
	var unread error
	for _, trail := range trails {
		events, err := liveEvents(ctx, p, trail)
		if err != nil {
			unread = err
			continue
		}
		if !holds(trail, events) {
			continue
		}
		switch {
		case events.delivered.IsZero():
			recording.Untold = true
		case events.delivered.After(recording.Delivered):
			recording.Delivered = events.delivered
		}
	}
	return recording, unread
}

// liveEvents returns what a trail records now of every region: nothing when
// it is stopped, cannot deliver, or records one region only.
func liveEvents(ctx context.Context, p *engine.Place, trail types.Trail) (trailEvents, error) {
	switch {
	case trail.IsMultiRegionTrail == nil:
		return trailEvents{}, engine.Malformed("cloudtrail:DescribeTrails", errNoSetting)
	case !*trail.IsMultiRegionTrail:
		return trailEvents{}, nil
	case trail.LogFileValidationEnabled == nil || trail.IncludeGlobalServiceEvents == nil:
		return trailEvents{}, engine.Malformed("cloudtrail:DescribeTrails", errNoSetting)
	}
	status, err := trailStatus(ctx, p, trail)
	if err != nil || !recording(status) {
		return trailEvents{}, err
	}
	events, err := eventsOf(ctx, p, trail)
	events.digestsFail = aws.ToString(status.LatestDigestDeliveryError) != ""
	if events.management() { // there always are some, the scan's own among them
		delivered, bad := lastDelivery(status, arnOwnedHere(p, trail.TrailARN))
		events.delivered, err = delivered, cmp.Or(err, bad)
	}
	return events, err
}

var errNoSetting error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer lacks a setting of the trail"}

// recording reports whether what happens reaches the trail's bucket: it is
// logging, and its last delivery did not fail. An account that only shares the
// organisation's trail does not see deliveries; that is no fault.
func recording(status *cloudtrail.GetTrailStatusOutput) bool {
	return aws.ToBool(status.IsLogging) && aws.ToString(status.LatestDeliveryError) == ""
}

// lastDelivery returns when log files last reached the trail's bucket, or when
// the account's own trail was started if that is later; the zero time where the
// status tells neither.
func lastDelivery(status *cloudtrail.GetTrailStatusOutput, own bool) (time.Time, error) {
	last := aws.ToTime(status.LatestDeliveryTime)
	if attempt := aws.ToString(status.LatestDeliveryAttemptSucceeded); last.IsZero() && attempt != "" {
		var err error
		if last, err = time.Parse(time.RFC3339, attempt); err != nil {
			return time.Time{}, engine.Malformed("cloudtrail:GetTrailStatus", err)
		}
	}
	if started := aws.ToTime(status.StartLoggingTime); own && started.After(last) {
		return started, nil
	}
	return last, nil
}
