package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// BeanstalkEnvironment is what rules may ask of an environment of Elastic Beanstalk.
type BeanstalkEnvironment struct {
	StreamsLogs bool `json:"streams_logs"` // its instances stream their logs to CloudWatch Logs
}

const (
	listEnvironments    = "elasticbeanstalk:DescribeEnvironments"
	environmentSettings = "elasticbeanstalk:DescribeConfigurationSettings"
	environmentTags     = "elasticbeanstalk:ListTagsForResource"
)

var beanstalkEnvironments = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ElasticBeanstalk::Environment",
		Service: "elasticbeanstalk",
		Doc:     BeanstalkEnvironment{},
		Calls: []scanners.Call{
			{Op: listEnvironments},
			{Op: environmentSettings, Each: true, For: []string{"streams_logs"}},
			{Op: environmentTags, Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/elasticbeanstalk/home?region={region}#/environments"},
	},
	Scan: scanBeanstalkEnvironments,
}

func beanstalkClient(p *engine.Place) *elasticbeanstalk.Client {
	return engine.Client(p, elasticbeanstalk.NewFromConfig)
}

var errMoreEnvironments error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "another page", Text: "what was to be all environments is a page of them"}

// scanBeanstalkEnvironments asks for all environments at once, as it is answered
// when no size of a page is named.
func scanBeanstalkEnvironments(ctx context.Context, p *engine.Place) error {
	out, err := beanstalkClient(p).DescribeEnvironments(ctx, &elasticbeanstalk.DescribeEnvironmentsInput{IncludeDeleted: aws.Bool(false)})
	if err != nil {
		return err
	}
	if err := engine.Each(ctx, p, out.Environments, readBeanstalkEnvironment); err != nil {
		return err
	}
	if aws.ToString(out.NextToken) != "" {
		return engine.Malformed(listEnvironments, errMoreEnvironments)
	}
	return nil
}

func readBeanstalkEnvironment(ctx context.Context, p *engine.Place, environment types.EnvironmentDescription) {
	if environment.Status == types.EnvironmentStatusTerminating || environment.Status == types.EnvironmentStatusTerminated {
		return
	}
	r := p.Read()
	doc := BeanstalkEnvironment{StreamsLogs: readStreamsLogs(ctx, r, environment)}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := beanstalkClient(p).ListTagsForResource(ctx, &elasticbeanstalk.ListTagsForResourceInput{ResourceArn: environment.EnvironmentArn})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.ResourceTags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(environment.EnvironmentArn), aws.ToString(environment.EnvironmentName), tags, &doc)
}

// readStreamsLogs looks for one of the environment's settings. Others may hold
// secrets, and are not kept.
func readStreamsLogs(ctx context.Context, r *engine.Reading, environment types.EnvironmentDescription) bool {
	const field = "streams_logs"
	if !r.Wants(field) {
		return false
	}
	out, err := beanstalkClient(r.Place).DescribeConfigurationSettings(ctx, &elasticbeanstalk.DescribeConfigurationSettingsInput{
		ApplicationName: environment.ApplicationName, EnvironmentName: environment.EnvironmentName,
	})
	if !r.Got(err, field) {
		return false
	}
	for _, settings := range out.ConfigurationSettings {
		for _, option := range settings.OptionSettings {
			if aws.ToString(option.Namespace) == "aws:elasticbeanstalk:cloudwatch:logs" && aws.ToString(option.OptionName) == "StreamLogs" {
				value := aws.ToString(option.Value)
				if value != "true" && value != "false" {
					r.Absent(environmentSettings, field)
				}
				return value == "true"
			}
		}
	}
	r.Absent(environmentSettings, field) // each environment has it, set or not
	return false
}
