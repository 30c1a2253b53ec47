package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ConfigRecorder is what rules may ask of AWS Config in one region. There is
// one in every region, also where no recorder was ever made.
type ConfigRecorder struct {
	Exists             bool `json:"exists"`               // the account has a recorder of its own in this region
	Recording          bool `json:"recording"`            // it is started and its last delivery did not fail
	AllSupported       bool `json:"all_supported"`        // it records every supported regional resource type
	RecordsGlobalTypes bool `json:"records_global_types"` // it records IAM's types too
	HomeRegion         bool `json:"home_region"`          // the one region of the partition where global types need recording
	DeliveryChannel    bool `json:"delivery_channel"`     // recorded changes have somewhere to go
}

var configRecorders = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Config::ConfigurationRecorder",
		Service: "config",
		Doc:     ConfigRecorder{},
		Calls: []scanners.Call{
			{Op: "config:DescribeConfigurationRecorders", For: []string{"exists", "recording", "all_supported", "records_global_types", "delivery_channel"}},
			{Op: "config:DescribeConfigurationRecorderStatus", For: []string{"recording"}},
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
	doc := ConfigRecorder{HomeRegion: p.Region == p.Home().Region}
	r := p.Read()
	readRecorder(ctx, r, &doc)
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
	out, err := configClient(r.Place).DescribeConfigurationRecorders(ctx, nil)
	if !r.Got(err, "exists", "recording", "all_supported", "records_global_types", "delivery_channel") {
		return
	}
	for _, recorder := range out.ConfigurationRecorders {
		if recorder.ServicePrincipal != nil {
			continue
		}
		doc.Exists = true
		if group := recorder.RecordingGroup; group != nil {
			doc.AllSupported = group.AllSupported
			doc.RecordsGlobalTypes = group.IncludeGlobalResourceTypes
		}
	}
}

func readRecorderStatus(ctx context.Context, r *engine.Reading, doc *ConfigRecorder) {
	if !r.Wants("recording") {
		return
	}
	out, err := configClient(r.Place).DescribeConfigurationRecorderStatus(ctx, nil)
	if !r.Got(err, "recording") {
		return
	}
	for _, status := range out.ConfigurationRecordersStatus {
		if status.ServicePrincipal == nil {
			doc.Recording = status.Recording && !strings.EqualFold(string(status.LastStatus), string(types.RecorderStatusFailure))
		}
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
