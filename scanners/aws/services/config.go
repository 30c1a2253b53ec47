package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ConfigRecorder is what rules may ask of AWS Config in one region. There is
// one in every region, also where no recorder was ever made.
type ConfigRecorder struct {
	Exists              bool      `json:"exists"`                // the account has a recorder of its own in this region
	Recording           bool      `json:"recording"`             // it is started and its last delivery did not fail
	WaitingSince        time.Time `json:"waiting_since"`         // when it was started, as long as it has delivered nothing; the zero time once it has
	AllSupported        bool      `json:"all_supported"`         // it records every supported resource type, those of IAM aside
	GlobalTypesRecorded bool      `json:"global_types_recorded"` // some region's recorder of the account records IAM's types; asked where home_region is true
	HomeRegion          bool      `json:"home_region"`           // the one region in which the account is judged: the partition's first, or the first that is scanned
	DeliveryChannel     bool      `json:"delivery_channel"`      // recorded changes have somewhere to go
}

var configRecorders = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Config::ConfigurationRecorder",
		Service: "config",
		Doc:     ConfigRecorder{},
		Calls: []scanners.Call{
			{Op: "config:DescribeConfigurationRecorders", For: []string{"exists", "recording", "waiting_since", "all_supported", "global_types_recorded", "delivery_channel"}},
			{Op: "config:DescribeConfigurationRecorderStatus", For: []string{"recording", "waiting_since"}},
			{Op: "config:DescribeDeliveryChannels", For: []string{"delivery_channel"}},
		},
		Console: scanners.Console{Path: "/config/home?region={region}#/settings"},
	},
	Scan: scanConfigRecorder,
}

func configClient(p *engine.Place) *configservice.Client {
	return engine.Client(p, configservice.NewFromConfig)
}

// scanConfigRecorder emits the region's one recorder. None of the three
// listings has pages.
func scanConfigRecorder(ctx context.Context, p *engine.Place) error {
	doc := ConfigRecorder{HomeRegion: p.Region == judgingRegion(p)}
	r := p.Read()
	readRecorder(ctx, r, &doc)
	if doc.HomeRegion {
		readGlobalTypes(ctx, r, &doc)
	}
	if doc.Exists {
		readRecorderStatus(ctx, r, &doc)
		readDeliveryChannel(ctx, r, &doc)
	}
	r.Emit(p.ARN("config", "config-recorder"), "AWS Config", nil, &doc)
	return nil
}

// readRecorder looks for the recorder that the account manages itself: those
// that other services made record what the services need and nothing else.
func readRecorder(ctx context.Context, r *engine.Reading, doc *ConfigRecorder) {
	recorders, err := recordersOf(ctx, r.Place)
	if !r.Got(err, "exists", "recording", "waiting_since", "all_supported", "delivery_channel") {
		return
	}
	for _, recorder := range recorders {
		doc.Exists = true
		doc.AllSupported = recordsRegional(recorder.RecordingGroup)
	}
}

// recordersOf returns the recorders that the account manages itself, asked
// once per region.
func recordersOf(ctx context.Context, p *engine.Place) ([]types.ConfigurationRecorder, error) {
	return engine.Once(p, "config:DescribeConfigurationRecorders", func() ([]types.ConfigurationRecorder, error) {
		out, err := configClient(p).DescribeConfigurationRecorders(ctx, nil)
		if err != nil {
			return nil, err
		}
		for _, recorder := range out.ConfigurationRecorders {
			if group := recorder.RecordingGroup; group != nil && group.RecordingStrategy != nil {
				err = cmp.Or(err, newValue(group.RecordingStrategy.UseOnly, "config:DescribeConfigurationRecorders"))
			}
		}
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(out.ConfigurationRecorders, func(r types.ConfigurationRecorder) bool { return r.ServicePrincipal != nil }), nil
	})
}

// globalTypes are the types of IAM, which AWS advises to record in one region.
var globalTypes = []types.ResourceType{
	types.ResourceTypeUser, types.ResourceTypeGroup, types.ResourceTypeRole, types.ResourceTypePolicy,
}

// recordsRegional reports whether a group leaves out nothing but IAM's types.
func recordsRegional(group *types.RecordingGroup) bool {
	excluded, excludes := excludedTypes(group)
	return group != nil && group.AllSupported || excludes && !slices.ContainsFunc(excluded, func(t types.ResourceType) bool {
		return !slices.Contains(globalTypes, t)
	})
}

// recordsGlobal reports whether a group has all of IAM's types.
func recordsGlobal(group *types.RecordingGroup) bool {
	excluded, excludes := excludedTypes(group)
	if excludes {
		return !slices.ContainsFunc(globalTypes, func(t types.ResourceType) bool { return slices.Contains(excluded, t) })
	}
	return group != nil && (group.AllSupported && group.IncludeGlobalResourceTypes ||
		!slices.ContainsFunc(globalTypes, func(t types.ResourceType) bool { return !slices.Contains(group.ResourceTypes, t) }))
}

// excludedTypes returns what a group leaves out, when it records all the rest.
func excludedTypes(group *types.RecordingGroup) (excluded []types.ResourceType, excludes bool) {
	if group == nil || group.RecordingStrategy == nil || group.RecordingStrategy.UseOnly != types.RecordingStrategyTypeExclusionByResourceTypes ||
		group.ExclusionByResourceTypes == nil {
		return nil, false
	}
	return group.ExclusionByResourceTypes.ResourceTypes, true
}

// judgingRegion returns the region in which what concerns the whole account
// is judged, once.
func judgingRegion(p *engine.Place) string {
	home := p.Home().Region
	regions, _ := p.Regions() // whether they are all is asked where it matters, in readGlobalTypes
	if len(regions) > 0 && !slices.Contains(regions, home) {
		return regions[0]
	}
	return home
}

// readGlobalTypes looks for a region whose recorder records IAM's types. That
// there is none is known only when every region answered.
func readGlobalTypes(ctx context.Context, r *engine.Reading, doc *ConfigRecorder) {
	if !r.Wants("global_types_recorded") {
		return
	}
	regions, every := r.Place.Regions()
	var missing error
	for _, region := range regions {
		recorders, err := recordersOf(ctx, r.Place.In(region))
		if slices.ContainsFunc(recorders, func(recorder types.ConfigurationRecorder) bool { return recordsGlobal(recorder.RecordingGroup) }) {
			doc.GlobalTypesRecorded = true
			return
		}
		missing = cmp.Or(missing, err)
	}
	if r.Got(missing, "global_types_recorded") && !every {
		r.Mark(notListed("config:DescribeConfigurationRecorders"), "global_types_recorded")
	}
}

func readRecorderStatus(ctx context.Context, r *engine.Reading, doc *ConfigRecorder) {
	if !r.Wants("recording", "waiting_since") {
		return
	}
	out, err := configClient(r.Place).DescribeConfigurationRecorderStatus(ctx, nil)
	if !r.Got(err, "recording", "waiting_since") {
		return
	}
	told := false
	for _, status := range out.ConfigurationRecordersStatus {
		if status.ServicePrincipal == nil {
			told = true
			doc.readRecording(r, status)
		}
	}
	if !told {
		r.Absent("config:DescribeConfigurationRecorderStatus", "recording", "waiting_since")
	}
}

// readRecording reads whether a recorder that is switched on delivers.
func (doc *ConfigRecorder) readRecording(r *engine.Reading, status types.ConfigurationRecorderStatus) {
	if !status.Recording {
		return
	}
	last := status.LastStatus
	for _, known := range last.Values() { // AWS answers SUCCESS for Success
		if strings.EqualFold(strings.ReplaceAll(string(last), "_", ""), string(known)) {
			last = known
		}
	}
	doc.Recording = choice(r, last, "config:DescribeConfigurationRecorderStatus", "recording", "waiting_since") != types.RecorderStatusFailure
	if last == types.RecorderStatusPending {
		doc.WaitingSince = aws.ToTime(status.LastStartTime).UTC()
	}
}

func readDeliveryChannel(ctx context.Context, r *engine.Reading, doc *ConfigRecorder) {
	if !r.Wants("delivery_channel") {
		return
	}
	out, err := configClient(r.Place).DescribeDeliveryChannels(ctx, nil)
	doc.DeliveryChannel = r.Got(err, "delivery_channel") && slices.ContainsFunc(out.DeliveryChannels, func(channel types.DeliveryChannel) bool {
		return aws.ToString(channel.S3BucketName) != ""
	})
}
