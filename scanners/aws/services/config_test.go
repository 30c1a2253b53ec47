package services

import (
	"testing"

	"posture/internal/posture"
)

func TestConfigRecorder(t *testing.T) {
	recorder := func(doc ConfigRecorder, unread ...posture.Unread) []posture.Resource {
		doc.HomeRegion = true
		return []posture.Resource{{ID: "arn:aws:config:us-east-1:111122223333:config-recorder", Name: "AWS Config", Doc: &doc, Unread: unread}}
	}
	deny := func(operation string) map[string]string {
		return map[string]string{"config:" + operation + " error=AccessDeniedException": ""}
	}
	testReading(t, "AWS::Config::ConfigurationRecorder", []readingTest{
		{name: "on", want: recorder(ConfigRecorder{Exists: true, Recording: true, AllSupported: true, RecordsGlobalTypes: true, DeliveryChannel: true})},
		{name: "only another service's", sections: map[string]string{
			"config:DescribeConfigurationRecorders": `{"ConfigurationRecorders": [{"name": "x", "servicePrincipal": "inspector2.amazonaws.com", "recordingGroup": {"allSupported": true}}]}`,
		}, want: recorder(ConfigRecorder{})},
		{name: "stopped, some types, no channel", sections: map[string]string{
			"config:DescribeConfigurationRecorders":      `{"ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": false, "resourceTypes": ["AWS::S3::Bucket"]}}]}`,
			"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus": [{"name": "default", "recording": false}]}`,
			"config:DescribeDeliveryChannels":            `{"DeliveryChannels": []}`,
		}, want: recorder(ConfigRecorder{Exists: true})},
		{name: "cannot deliver", sections: map[string]string{
			"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "FAILURE"}]}`,
		}, want: recorder(ConfigRecorder{Exists: true, AllSupported: true, RecordsGlobalTypes: true, DeliveryChannel: true})},
		{name: "recorders refused", sections: deny("DescribeConfigurationRecorders"), want: recorder(ConfigRecorder{},
			refused("config:DescribeConfigurationRecorders", "AccessDeniedException", "config:DescribeConfigurationRecorders",
				"exists", "recording", "all_supported", "records_global_types", "delivery_channel")...)},
		{name: "status refused", sections: deny("DescribeConfigurationRecorderStatus"),
			want: recorder(ConfigRecorder{Exists: true, AllSupported: true, RecordsGlobalTypes: true, DeliveryChannel: true},
				refused("config:DescribeConfigurationRecorderStatus", "AccessDeniedException", "config:DescribeConfigurationRecorderStatus", "recording")...)},
		{name: "channels refused", sections: deny("DescribeDeliveryChannels"),
			want: recorder(ConfigRecorder{Exists: true, Recording: true, AllSupported: true, RecordsGlobalTypes: true},
				refused("config:DescribeDeliveryChannels", "AccessDeniedException", "config:DescribeDeliveryChannels", "delivery_channel")...)},
	})
}
