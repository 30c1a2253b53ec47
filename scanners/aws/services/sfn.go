package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// StateMachine is what rules may ask of a state machine of Step Functions.
type StateMachine struct {
	LogLevel string `json:"log_level"` // ALL, ERROR, FATAL or OFF
}

var stateMachines = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::StepFunctions::StateMachine",
		Service: "states",
		Doc:     StateMachine{},
		Calls: []scanners.Call{
			{Op: "states:ListStateMachines"},
			{Op: "states:DescribeStateMachine", Each: true, For: []string{"log_level"}},
			{Op: "states:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/states/home?region={region}#/statemachines/view/{id}"},
	},
	Scan: scanStateMachines,
}

func sfnClient(p *engine.Place) *sfn.Client { return engine.Client(p, sfn.NewFromConfig) }

func scanStateMachines(ctx context.Context, p *engine.Place) error {
	pages := sfn.NewListStateMachinesPaginator(sfnClient(p), &sfn.ListStateMachinesInput{MaxResults: 1000})
	return engine.EachListed(ctx, p, pages, func(page *sfn.ListStateMachinesOutput) []types.StateMachineListItem { return page.StateMachines }, readStateMachine)
}

func readStateMachine(ctx context.Context, p *engine.Place, machine types.StateMachineListItem) {
	var doc StateMachine
	r := p.Read()
	if r.Wants("log_level") {
		out, err := sfnClient(p).DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: machine.StateMachineArn, IncludedData: types.IncludedDataMetadataOnly})
		if r.Got(err, "log_level") {
			var logs types.LoggingConfiguration
			if out.LoggingConfiguration != nil {
				logs = *out.LoggingConfiguration
			}
			doc.LogLevel = string(choice(r, logs.Level, "states:DescribeStateMachine", "log_level"))
		}
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := sfnClient(p).ListTagsForResource(ctx, &sfn.ListTagsForResourceInput{ResourceArn: machine.StateMachineArn})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(machine.StateMachineArn), aws.ToString(machine.Name), tags, &doc)
}
