package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	pipetypes "github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	scheduletypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// pipeFailures returns what pipes of EventBridge send records to that they could
// not handle. Only those that read streams do.
func pipeFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "pipes", func(t *targets) error {
		api := engine.Client(p, pipes.NewFromConfig)
		pages := pipes.NewListPipesPaginator(api, &pipes.ListPipesInput{Limit: aws.Int32(100)})
		list := func(page *pipes.ListPipesOutput) []pipetypes.Pipe { return page.Pipes }
		return engine.EachListed(ctx, p, pages, list, func(ctx context.Context, _ *engine.Place, pipe pipetypes.Pipe) {
			out, err := api.DescribePipe(ctx, &pipes.DescribePipeInput{Name: pipe.Name})
			if err == nil && out.Source == nil {
				err = engine.Malformed("pipes:DescribePipe", errNoSource)
			}
			if err != nil {
				t.add("", engine.NotConfigured(err, "NotFoundException"))
				return
			}
			t.add(pipeFailure(out.SourceParameters), nil)
		})
	})
}

var errNoSource error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say what the pipe reads"}

func pipeFailure(source *pipetypes.PipeSourceParameters) string {
	var config *pipetypes.DeadLetterConfig
	switch {
	case source == nil:
	case source.KinesisStreamParameters != nil:
		config = source.KinesisStreamParameters.DeadLetterConfig
	case source.DynamoDBStreamParameters != nil:
		config = source.DynamoDBStreamParameters.DeadLetterConfig
	}
	if config == nil {
		return ""
	}
	return aws.ToString(config.Arn)
}

// mostSchedules is how many schedules of a region are asked. Applications make
// them by the million, one for each thing to be done later.
const mostSchedules = 1000

var errManySchedules error = &posture.ReasonError{Reason: posture.TooMuch, Code: "schedules", Text: "the region has more schedules than are asked for their dead-letter queues"}

// scheduleFailures returns what schedules of EventBridge Scheduler send to that
// they could not deliver. It takes a call for each.
func scheduleFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "schedules", func(t *targets) error {
		api := engine.Client(p, scheduler.NewFromConfig)
		pages := scheduler.NewListSchedulesPaginator(api, &scheduler.ListSchedulesInput{MaxResults: aws.Int32(100)})
		asked := 0
		return engine.EachPage(ctx, pages, func(page *scheduler.ListSchedulesOutput) error {
			if asked += len(page.Schedules); asked > mostSchedules {
				return engine.Malformed("scheduler:ListSchedules", errManySchedules)
			}
			return engine.Each(ctx, p, page.Schedules, func(ctx context.Context, _ *engine.Place, schedule scheduletypes.ScheduleSummary) {
				out, err := api.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: schedule.GroupName, Name: schedule.Name})
				if err == nil && out.Target == nil {
					err = engine.Malformed("scheduler:GetSchedule", errNoTarget)
				}
				if err != nil {
					t.add("", engine.NotConfigured(err, "ResourceNotFoundException"))
				} else if config := out.Target.DeadLetterConfig; config != nil {
					t.add(aws.ToString(config.Arn), nil)
				}
			})
		})
	})
}

var errNoTarget error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say what the schedule calls"}
