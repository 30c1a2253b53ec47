package services

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

func TestConfigRecorder(t *testing.T) {
	recorder := func(doc ConfigRecorder, unread ...posture.Unread) []posture.Resource {
		doc.HomeRegion = true
		return []posture.Resource{{ID: "arn:aws:config:us-east-1:111122223333:config-recorder", Name: "AWS Config", Doc: &doc, Unread: unread}}
	}
	elsewhere := posture.Unread{Field: "global_types_recorded", Cause: notListed("config:DescribeConfigurationRecorders")} // only one of two regions is scanned
	deny := func(operation string) map[string]string {
		return map[string]string{"config:" + operation + " error=AccessDeniedException": ""}
	}
	testReading(t, "AWS::Config::ConfigurationRecorder", []readingTest{
		{name: "on", want: recorder(ConfigRecorder{Exists: true, Recording: true, AllSupported: true, GlobalTypesRecorded: true, DeliveryChannel: true})},
		{name: "only another service's", sections: map[string]string{
			"config:DescribeConfigurationRecorders": `{"ConfigurationRecorders": [{"name": "x", "servicePrincipal": "inspector2.amazonaws.com", "recordingGroup": {"allSupported": true}}]}`,
		}, want: recorder(ConfigRecorder{}, elsewhere)},
		{name: "stopped, some types, no channel", sections: map[string]string{
			"config:DescribeConfigurationRecorders":      `{"ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": false, "resourceTypes": ["AWS::S3::Bucket"]}}]}`,
			"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus": [{"name": "default", "recording": false}]}`,
			"config:DescribeDeliveryChannels":            `{"DeliveryChannels": []}`,
		}, want: recorder(ConfigRecorder{Exists: true}, elsewhere)},
		{name: "cannot deliver", sections: map[string]string{
			"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "FAILURE"}]}`,
		}, want: recorder(ConfigRecorder{Exists: true, AllSupported: true, GlobalTypesRecorded: true, DeliveryChannel: true})},
		{name: "has delivered nothing yet", sections: map[string]string{
			"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "PENDING", "lastStartTime": 1767225600}]}`,
		}, want: recorder(ConfigRecorder{Exists: true, Recording: true, WaitingSince: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), AllSupported: true, GlobalTypesRecorded: true, DeliveryChannel: true})},
		{name: "recorders refused", sections: deny("DescribeConfigurationRecorders"), want: recorder(ConfigRecorder{},
			refused("config:DescribeConfigurationRecorders", "AccessDeniedException", "config:DescribeConfigurationRecorders",
				"exists", "recording", "waiting_since", "all_supported", "global_types_recorded", "delivery_channel")...)},
		{name: "status refused", sections: deny("DescribeConfigurationRecorderStatus"),
			want: recorder(ConfigRecorder{Exists: true, AllSupported: true, GlobalTypesRecorded: true, DeliveryChannel: true},
				refused("config:DescribeConfigurationRecorderStatus", "AccessDeniedException", "config:DescribeConfigurationRecorderStatus", "recording", "waiting_since")...)},
		{name: "channels refused", sections: deny("DescribeDeliveryChannels"),
			want: recorder(ConfigRecorder{Exists: true, Recording: true, AllSupported: true, GlobalTypesRecorded: true},
				refused("config:DescribeDeliveryChannels", "AccessDeniedException", "config:DescribeDeliveryChannels", "delivery_channel")...)},
	})
}

// TestRecordingGroups: all regional types, and all of IAM's, by each strategy.
func TestRecordingGroups(t *testing.T) {
	without := func(excluded ...types.ResourceType) *types.RecordingGroup {
		return &types.RecordingGroup{
			RecordingStrategy:        &types.RecordingStrategy{UseOnly: types.RecordingStrategyTypeExclusionByResourceTypes},
			ExclusionByResourceTypes: &types.ExclusionByResourceTypes{ResourceTypes: excluded},
		}
	}
	for name, test := range map[string]struct {
		group            *types.RecordingGroup
		regional, global bool
	}{
		"none":                 {nil, false, false},
		"nothing":              {&types.RecordingGroup{}, false, false},
		"all regional":         {&types.RecordingGroup{AllSupported: true}, true, false},
		"all":                  {&types.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: true}, true, true},
		"all but IAM's":        {without(globalTypes...), true, false},
		"all but users":        {without(types.ResourceTypeUser), true, false},
		"all but buckets":      {without(types.ResourceTypeBucket), false, true},
		"IAM's by name":        {&types.RecordingGroup{ResourceTypes: globalTypes}, false, true},
		"some of IAM's":        {&types.RecordingGroup{ResourceTypes: globalTypes[:3]}, false, false},
		"without an exclusion": {&types.RecordingGroup{RecordingStrategy: &types.RecordingStrategy{UseOnly: types.RecordingStrategyTypeExclusionByResourceTypes}}, false, false},
	} {
		if regional, global := recordsRegional(test.group), recordsGlobal(test.group); regional != test.regional || global != test.global {
			t.Errorf("%s: regional %v, global %v", name, regional, global)
		}
	}
}

// TestGlobalTypesOfTheAccount: any region's recorder will do, and only the
// home region is asked for it.
func TestGlobalTypesOfTheAccount(t *testing.T) {
	const op, denied = "config:DescribeConfigurationRecorders", "AccessDeniedException"
	const without = `{"ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": true}}]}`
	const with = `{"ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": true, "includeGlobalResourceTypes": true}}]}`
	for name, test := range map[string]struct {
		sections map[string]string
		want     bool
		unread   []posture.Unread
	}{
		"in another region": {map[string]string{op + " region=us-east-1": without, op + " region=eu-west-1": with}, true, nil},
		"nowhere":           {map[string]string{op: without}, false, nil},
		"elsewhere refused": {map[string]string{op + " region=us-east-1": without, op + " region=eu-west-1 error=AccessDeniedException": ""}, false, refused(op, denied, op, "global_types_recorded")},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, cloudOf(fixtures(t, test.sections)))
			account, err := engine.Open(context.Background(), server.Config(testAccount), posture.Target{}, options(1))
			if err != nil {
				t.Fatal(err)
			}
			got := scanAccount(context.Background(), account, wantAll("AWS::Config::ConfigurationRecorder")).Resources
			if len(got) != 2 {
				t.Fatalf("%d recorders", len(got))
			}
			for _, r := range got {
				doc := r.Doc.(*ConfigRecorder)
				if r.Region != "us-east-1" {
					if doc.HomeRegion || doc.GlobalTypesRecorded {
						t.Errorf("%s: %+v", r.Region, doc)
					}
					continue
				}
				if doc.GlobalTypesRecorded != test.want {
					t.Errorf("%+v", doc)
				}
				if diff := cmp.Diff(test.unread, r.Unread); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
