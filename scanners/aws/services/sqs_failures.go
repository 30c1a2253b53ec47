package services

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// failureCalls are the calls by which a queue is found to take what functions,
// subscriptions, rules, pipes or schedules failed to hand on.
func failureCalls() []scanners.Call {
	var calls []scanners.Call
	for _, op := range []string{
		"lambda:ListFunctions", "lambda:ListEventSourceMappings", "lambda:ListFunctionEventInvokeConfigs",
		"sns:ListSubscriptions", "sns:GetSubscriptionAttributes",
		"events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule",
		"pipes:ListPipes", "pipes:DescribePipe", "scheduler:ListSchedules", "scheduler:GetSchedule",
	} {
		calls = append(calls, scanners.Call{Op: op, For: []string{"is_dead_letter_queue"}})
	}
	return calls
}

// failureTargets returns which of the queues, by ARN, take what functions,
// subscriptions, rules, pipes or schedules of the region failed to hand on. It asks no more
// senders than it takes to find all. The error says why there may be more.
func failureTargets(ctx context.Context, p *engine.Place, queues map[string]bool) (found map[string]bool, err error) {
	found, open := map[string]bool{}, maps.Clone(queues)
	for _, senders := range []func(context.Context, *engine.Place) *targets{functionFailures, invocationFailures, ruleFailures, subscriptionFailures, pipeFailures, scheduleFailures} {
		if len(open) == 0 {
			return found, nil
		}
		sent := senders(ctx, p)
		err = cmp.Or(err, sent.err)
		for queue := range sent.names {
			if open[queue] {
				found[queue] = true
				delete(open, queue)
			}
		}
	}
	return found, err
}

// functionFailures returns what functions and their event sources send failures
// to, as far as two listings tell.
func functionFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "functions", func(t *targets) error {
		functions, err := lambdaList(ctx, p)
		for _, function := range functions {
			if function.DeadLetterConfig != nil {
				t.add(aws.ToString(function.DeadLetterConfig.TargetArn), nil)
			}
		}
		pages := lambda.NewListEventSourceMappingsPaginator(lambdaClient(p), &lambda.ListEventSourceMappingsInput{MaxItems: aws.Int32(100)})
		return cmp.Or(err, engine.EachPage(ctx, pages, func(page *lambda.ListEventSourceMappingsOutput) error {
			for _, mapping := range page.EventSourceMappings {
				t.add(onFailure(mapping.DestinationConfig), nil)
			}
			return nil
		}))
	})
}

// invocationFailures returns what asynchronous invocations of each function
// send failures to.
func invocationFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "invocations", func(t *targets) error {
		functions, err := lambdaList(ctx, p)
		return cmp.Or(err, engine.Each(ctx, p, functions, func(ctx context.Context, p *engine.Place, function lambdatypes.FunctionConfiguration) {
			configs, err := lambdaInvokeConfigs(ctx, p, function)
			t.add("", err)
			for _, config := range configs {
				t.add(onFailure(config.DestinationConfig), nil)
			}
		}))
	})
}

func onFailure(config *lambdatypes.DestinationConfig) string {
	if config == nil || config.OnFailure == nil {
		return ""
	}
	return aws.ToString(config.OnFailure.Destination)
}

// subscriptionFailures returns what subscriptions send undelivered messages to.
func subscriptionFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "subscriptions", func(t *targets) error {
		api := engine.Client(p, sns.NewFromConfig)
		list := func(page *sns.ListSubscriptionsOutput) []snstypes.Subscription {
			return slices.DeleteFunc(page.Subscriptions, func(s snstypes.Subscription) bool {
				id := aws.ToString(s.SubscriptionArn)
				return id == "PendingConfirmation" || id == "Deleted"
			})
		}
		return engine.EachListed(ctx, p, sns.NewListSubscriptionsPaginator(api, nil), list, func(ctx context.Context, _ *engine.Place, s snstypes.Subscription) {
			out, err := api.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: s.SubscriptionArn})
			if err == nil && len(out.Attributes) == 0 {
				err = engine.Malformed("sns:GetSubscriptionAttributes", errNoSubscription)
			}
			if err != nil {
				t.add("", engine.NotConfigured(err, "NotFound"))
				return
			}
			queue, err := deadLetterTarget(out.Attributes["RedrivePolicy"])
			t.add(queue, engine.Malformed("sns:GetSubscriptionAttributes", err))
		})
	})
}

var errNoSubscription error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer has no attributes of the subscription"}

// deadLetterTarget returns the ARN of the queue that a redrive policy names, ""
// for no policy.
func deadLetterTarget(policy string) (string, error) {
	if policy == "" {
		return "", nil
	}
	var redrive struct {
		DeadLetterTargetArn string `json:"deadLetterTargetArn"`
	}
	err := json.Unmarshal([]byte(policy), &redrive)
	if err == nil && redrive.DeadLetterTargetArn == "" {
		err = errRedrive
	}
	return redrive.DeadLetterTargetArn, err
}

// ruleFailures returns what targets of EventBridge rules send undelivered events to.
func ruleFailures(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "rules", func(t *targets) error {
		api := engine.Client(p, eventbridge.NewFromConfig)
		buses := &byToken[*eventbridge.ListEventBusesOutput]{
			ask: func(ctx context.Context, token *string) (*eventbridge.ListEventBusesOutput, error) {
				return api.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{NextToken: token})
			},
			next: func(page *eventbridge.ListEventBusesOutput) *string { return page.NextToken },
		}
		return engine.EachPage(ctx, buses, func(page *eventbridge.ListEventBusesOutput) error {
			return engine.Each(ctx, p, page.EventBuses, func(ctx context.Context, p *engine.Place, bus eventtypes.EventBus) {
				t.add("", busFailures(ctx, p, api, t, bus.Name))
			})
		})
	})
}

// busFailures adds those of the rules of one event bus.
func busFailures(ctx context.Context, p *engine.Place, api *eventbridge.Client, t *targets, bus *string) error {
	rules := &byToken[*eventbridge.ListRulesOutput]{
		ask: func(ctx context.Context, token *string) (*eventbridge.ListRulesOutput, error) {
			return api.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: bus, NextToken: token})
		},
		next: func(page *eventbridge.ListRulesOutput) *string { return page.NextToken },
	}
	list := func(page *eventbridge.ListRulesOutput) []eventtypes.Rule { return page.Rules }
	return engine.EachListed(ctx, p, rules, list, func(ctx context.Context, _ *engine.Place, rule eventtypes.Rule) {
		targets := &byToken[*eventbridge.ListTargetsByRuleOutput]{
			ask: func(ctx context.Context, token *string) (*eventbridge.ListTargetsByRuleOutput, error) {
				return api.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: rule.Name, EventBusName: bus, NextToken: token})
			},
			next: func(page *eventbridge.ListTargetsByRuleOutput) *string { return page.NextToken },
		}
		t.add("", engine.NotConfigured(engine.EachPage(ctx, targets, func(page *eventbridge.ListTargetsByRuleOutput) error {
			for _, target := range page.Targets {
				if target.DeadLetterConfig != nil {
					t.add(aws.ToString(target.DeadLetterConfig.Arn), nil)
				}
			}
			return nil
		}), "ResourceNotFoundException"))
	})
}
