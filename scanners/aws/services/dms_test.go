package services

import (
	"testing"

	"posture/internal/posture"
)

const dmsARN = "arn:aws:dms:us-east-1:111122223333:"

func TestDMSReplicationInstances(t *testing.T) {
	const list, tagged = "dms:DescribeReplicationInstances", "dms:ListTagsForResource"
	instance := func(name string, doc DMSReplicationInstance, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: dmsARN + "rep:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	inside, outside := instance("inside", DMSReplicationInstance{}), instance("outside", DMSReplicationInstance{Public: true})
	inside.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::DMS::ReplicationInstance", []readingTest{
		{name: "two pages, and one that is being deleted", want: []posture.Resource{inside, outside}},
		{name: "the answer does not say", sections: map[string]string{list + " Marker=two": `{"ReplicationInstances": [{"ReplicationInstanceArn": "` + outside.ID + `", "ReplicationInstanceIdentifier": "outside"}]}`},
			want: []posture.Resource{inside, instance("outside", DMSReplicationInstance{}, unsaid(list, "public")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " ResourceArn=" + outside.ID + " error=AccessDeniedFault": ""},
			want: []posture.Resource{inside, instance("outside", DMSReplicationInstance{Public: true}, refused(tagged, "AccessDeniedFault", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{inside}, cause: brokenListing(list)},
	})
}

func TestDMSEndpoints(t *testing.T) {
	const list = "dms:DescribeEndpoints"
	endpoint := func(name string, doc DMSEndpoint, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: dmsARN + "endpoint:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	one := func(answer string) map[string]string {
		return map[string]string{list: `{"Endpoints": [{"EndpointArn": "` + dmsARN + `endpoint:one", "EndpointIdentifier": "one", ` + answer + `}]}`}
	}
	alone := func(name, answer string, doc DMSEndpoint, unread ...posture.Unread) readingTest {
		return readingTest{name: name, sections: one(answer), want: []posture.Resource{endpoint("one", doc, unread...)}}
	}
	source := endpoint("source", DMSEndpoint{Engine: "postgres", RequiresTLS: true})
	source.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::DMS::Endpoint", []readingTest{
		{name: "two pages", want: []posture.Resource{endpoint("archive", DMSEndpoint{Engine: "s3", OfAWS: true}), endpoint("plain", DMSEndpoint{Engine: "oracle"}), source}},
		alone("Kafka with TLS", `"EngineName": "kafka", "SslMode": "none", "KafkaSettings": {"SecurityProtocol": "sasl-ssl"}`, DMSEndpoint{Engine: "kafka", RequiresTLS: true}),
		alone("Kafka without", `"EngineName": "kafka", "SslMode": "none", "KafkaSettings": {"SecurityProtocol": "plaintext"}`, DMSEndpoint{Engine: "kafka"}),
		alone("Kafka that says nothing", `"EngineName": "kafka", "SslMode": "none"`, DMSEndpoint{Engine: "kafka"}, unsaid(list, "requires_tls")...),
		alone("Redis with TLS", `"EngineName": "redis", "SslMode": "none", "RedisSettings": {"SslSecurityProtocol": "ssl-encryption"}`, DMSEndpoint{Engine: "redis", RequiresTLS: true}),
		alone("Redis without", `"EngineName": "redis", "SslMode": "none", "RedisSettings": {"SslSecurityProtocol": "plaintext"}`, DMSEndpoint{Engine: "redis"}),
		alone("an engine that nobody knows", `"EngineName": "new", "SslMode": "none"`, DMSEndpoint{Engine: "new"}, unknownValue(list, "requires_tls")...),
		alone("an engine that nobody knows, by TLS", `"EngineName": "new", "SslMode": "verify-full"`, DMSEndpoint{Engine: "new", RequiresTLS: true}),
		alone("the answer does not say", `"EndpointType": "source"`, DMSEndpoint{}, unsaid(list, "engine", "of_aws", "requires_tls")...),
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{source}, cause: brokenListing(list)},
	})
}

func TestDMSReplicationTasks(t *testing.T) {
	const list = "dms:DescribeReplicationTasks"
	task := func(name string, doc DMSReplicationTask, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: dmsARN + "task:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	logged, silent := task("logged", DMSReplicationTask{Logs: true}), task("silent", DMSReplicationTask{})
	logged.Tags = map[string]string{"owner": "shop"}
	second := func(settings string) map[string]string {
		return map[string]string{list + " Marker=two": `{"ReplicationTasks": [{"ReplicationTaskArn": "` + silent.ID + `", "ReplicationTaskIdentifier": "silent"` + settings + `}]}`}
	}
	broken := posture.Unread{Field: "logs", Cause: posture.Cause{Reason: posture.Malformed, Operation: list}}
	testReading(t, "AWS::DMS::ReplicationTask", []readingTest{
		{name: "two pages", want: []posture.Resource{logged, silent}},
		{name: "no settings", sections: second(""), want: []posture.Resource{logged, task("silent", DMSReplicationTask{}, unsaid(list, "logs")...)}},
		{name: "settings that say nothing of logs", sections: second(`, "ReplicationTaskSettings": "{\"TargetMetadata\": {}}"`), want: []posture.Resource{logged, task("silent", DMSReplicationTask{}, unsaid(list, "logs")...)}},
		{name: "settings that are cut off", sections: second(`, "ReplicationTaskSettings": "{\"Logging\": {"`), want: []posture.Resource{logged, task("silent", DMSReplicationTask{}, broken)}},
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{logged}, cause: brokenListing(list)},
	})
}

func TestDataSyncTasks(t *testing.T) {
	const list, describe, tagged, arn = "datasync:ListTasks", "datasync:DescribeTask", "datasync:ListTagsForResource", "arn:aws:datasync:us-east-1:111122223333:task/"
	task := func(id, name string, doc DataSyncTask, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + id, Name: name, Doc: &doc, Unread: unread}
	}
	nightly := task("task-1", "nightly", DataSyncTask{LogGroup: "arn:aws:logs:us-east-1:111122223333:log-group:/aws/datasync", LogLevel: "BASIC"})
	nightly.Tags = liveTags
	silent := task("task-2", "task-2", DataSyncTask{LogLevel: "OFF"})
	testReading(t, "AWS::DataSync::Task", []readingTest{
		{name: "two pages", want: []posture.Resource{nightly, silent}},
		{name: "the answer does not say", sections: map[string]string{describe + " TaskArn=" + arn + "task-2": `{"TaskArn": "` + arn + `task-2"}`},
			want: []posture.Resource{nightly, task("task-2", "task-2", DataSyncTask{}, unsaid(describe, "log_level")...)}},
		{name: "one refused", sections: map[string]string{describe + " TaskArn=" + arn + "task-2 error=AccessDeniedException": ""},
			want: []posture.Resource{nightly, task("task-2", "task-2", DataSyncTask{}, refused(describe, "AccessDeniedException", describe, "log_group", "log_level")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " ResourceArn=" + arn + "task-2 error=AccessDeniedException": ""},
			want: []posture.Resource{nightly, task("task-2", "task-2", DataSyncTask{LogLevel: "OFF"}, refused(tagged, "AccessDeniedException", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{nightly}, cause: brokenListing(list)},
	})
}
