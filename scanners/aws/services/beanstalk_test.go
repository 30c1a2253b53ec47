package services

import (
	"testing"

	"posture/internal/posture"
)

func TestBeanstalkEnvironments(t *testing.T) {
	environment := func(name string, doc BeanstalkEnvironment, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:elasticbeanstalk:us-east-1:111122223333:environment/shop/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "live" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	live, old := environment("live", BeanstalkEnvironment{StreamsLogs: true}), environment("old", BeanstalkEnvironment{})
	settings := func(options string) map[string]string {
		return map[string]string{environmentSettings + " EnvironmentName=old": `<ConfigurationSettings><member><OptionSettings>` + options + `</OptionSettings></member></ConfigurationSettings>`}
	}
	unknown := environment("old", BeanstalkEnvironment{}, unsaid(environmentSettings, "streams_logs")...)
	testReading(t, "AWS::ElasticBeanstalk::Environment", []readingTest{
		{name: "as they are", want: []posture.Resource{live, old}},
		{name: "the setting is not there", sections: settings(""), want: []posture.Resource{live, unknown}},
		{name: "it has no value", sections: settings(`<member><Namespace>aws:elasticbeanstalk:cloudwatch:logs</Namespace><OptionName>StreamLogs</OptionName></member>`), want: []posture.Resource{live, unknown}},
		{name: "refused", sections: map[string]string{environmentSettings + " EnvironmentName=old error=AccessDenied": ""},
			want: []posture.Resource{live, environment("old", BeanstalkEnvironment{}, refused(environmentSettings, "AccessDenied", environmentSettings, "streams_logs")...)}},
		{name: "tags refused", sections: map[string]string{environmentTags + " ResourceArn=" + old.ID + " error=AccessDenied": ""},
			want: []posture.Resource{live, environment("old", BeanstalkEnvironment{}, refused(environmentTags, "AccessDenied", environmentTags, "tags")...)}},
		{name: "a page of them", sections: map[string]string{listEnvironments: `<Environments/><NextToken>two</NextToken>`},
			cause: &posture.Cause{Reason: posture.NotUnderstood, Operation: listEnvironments, Code: "another page"}},
		{name: "broken", sections: map[string]string{listEnvironments + " error=InternalError status=500": ""}, cause: brokenListing(listEnvironments)},
	})
}
