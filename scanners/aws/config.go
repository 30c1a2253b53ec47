package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
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

var configRecorders = scanner{
	Type: "AWS::Config::ConfigurationRecorder",
	Doc:  ConfigRecorder{},
	Calls: []call{
		{Op: "config:DescribeConfigurationRecorders", For: []string{"exists", "recording", "all_supported", "records_global_types", "delivery_channel"}},
		{Op: "config:DescribeConfigurationRecorderStatus", For: []string{"recording"}},
		{Op: "config:DescribeDeliveryChannels", For: []string{"delivery_channel"}},
	},
	Scan: scanConfigRecorder,
}

func configClient(p *place) *configservice.Client {
	return client(p, func(cfg aws.Config) *configservice.Client { return configservice.NewFromConfig(cfg) })
}

// scanConfigRecorder emits the region's one recorder. None of the three
// listings has pages.
func scanConfigRecorder(ctx context.Context, p *place) error {
	doc := ConfigRecorder{HomeRegion: p.Region == p.homeRegion}
	r := p.read()
	r.readRecorder(ctx, &doc)
	if doc.Exists {
		r.readRecorderStatus(ctx, &doc)
		r.readDeliveryChannel(ctx, &doc)
	}
	r.emit(p.arn("config", "config-recorder"), "AWS Config", nil, &doc)
	return nil
}

// readRecorder looks for the recorder that the account manages itself: those
// that other services made record what the services need and nothing else.
func (r *reading) readRecorder(ctx context.Context, doc *ConfigRecorder) {
	out, err := configClient(r.place).DescribeConfigurationRecorders(ctx, nil)
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

func (r *reading) readRecorderStatus(ctx context.Context, doc *ConfigRecorder) {
	if !r.Wants("recording") {
		return
	}
	out, err := configClient(r.place).DescribeConfigurationRecorderStatus(ctx, nil)
	if !r.Got(err, "recording") {
		return
	}
	for _, status := range out.ConfigurationRecordersStatus {
		if status.ServicePrincipal == nil {
			doc.Recording = status.Recording && !strings.EqualFold(string(status.LastStatus), string(types.RecorderStatusFailure))
		}
	}
}

func (r *reading) readDeliveryChannel(ctx context.Context, doc *ConfigRecorder) {
	if !r.Wants("delivery_channel") {
		return
	}
	out, err := configClient(r.place).DescribeDeliveryChannels(ctx, nil)
	if !r.Got(err, "delivery_channel") {
		return
	}
	for _, channel := range out.DeliveryChannels {
		doc.DeliveryChannel = doc.DeliveryChannel || aws.ToString(channel.S3BucketName) != ""
	}
}
