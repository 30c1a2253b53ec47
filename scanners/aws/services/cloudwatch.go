package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// CloudWatchAlarm is what rules may ask of an alarm, metric or composite.
type CloudWatchAlarm struct {
	ActionsEnabled bool `json:"actions_enabled"` // its actions are not switched off
	Actions        int  `json:"actions"`         // what it does when it goes off: topics, functions, scaling policies, ...
	Composite      bool `json:"composite"`       // goes off when other alarms do
	FeedsComposite bool `json:"feeds_composite"` // a composite alarm with enabled actions watches it
}

var cloudWatchAlarms = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudWatch::Alarm",
		Service: "cloudwatch",
		Doc:     CloudWatchAlarm{},
		Calls:   []scanners.Call{{Op: "cloudwatch:DescribeAlarms"}},
		Console: scanners.Console{Path: "/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"},
	},
	Scan: scanAlarms,
}

// alarm is what metric and composite alarms have in common, and what each
// watches.
type alarm struct {
	arn, name string
	doc       CloudWatchAlarm
	rule      string         // of a composite alarm: which alarms it watches
	metrics   []types.Metric // of a metric alarm: those of the account
	queries   []string       // of a metric alarm: expressions, which may choose metrics by themselves
}

// acts reports whether someone or something hears of the alarm.
func (a alarm) acts() bool { return a.doc.ActionsEnabled && a.doc.Actions > 0 || a.doc.FeedsComposite }

// alarmsOf returns the alarms of the place's region, read once. With an error
// come the alarms of the pages before the one that could not be read.
func alarmsOf(ctx context.Context, p *engine.Place) ([]alarm, error) {
	return engine.Once(p, "alarms", func() ([]alarm, error) {
		api := engine.Client(p, cloudwatch.NewFromConfig)
		pages := cloudwatch.NewDescribeAlarmsPaginator(api, &cloudwatch.DescribeAlarmsInput{
			AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
			MaxRecords: aws.Int32(100),
		})
		var alarms []alarm
		err := engine.EachPage(ctx, pages, func(page *cloudwatch.DescribeAlarmsOutput) error {
			for _, found := range page.MetricAlarms {
				alarms = append(alarms, metricAlarm(p, found))
			}
			for _, found := range page.CompositeAlarms {
				alarms = append(alarms, compositeAlarm(found))
			}
			return nil
		})
		joinComposites(alarms)
		return alarms, err
	})
}

func metricAlarm(p *engine.Place, found types.MetricAlarm) alarm {
	a := alarm{arn: aws.ToString(found.AlarmArn), name: aws.ToString(found.AlarmName)}
	a.doc.ActionsEnabled = aws.ToBool(found.ActionsEnabled)
	a.doc.Actions = len(found.AlarmActions)
	if found.MetricName != nil {
		a.metrics = append(a.metrics, types.Metric{Namespace: found.Namespace, MetricName: found.MetricName, Dimensions: found.Dimensions})
	}
	for _, query := range found.Metrics {
		if query.MetricStat != nil && query.MetricStat.Metric != nil && ownedHere(p, query.AccountId) {
			a.metrics = append(a.metrics, *query.MetricStat.Metric)
		}
		if query.Expression != nil {
			a.queries = append(a.queries, *query.Expression)
		}
	}
	return a
}

func compositeAlarm(found types.CompositeAlarm) alarm {
	a := alarm{arn: aws.ToString(found.AlarmArn), name: aws.ToString(found.AlarmName), rule: aws.ToString(found.AlarmRule)}
	a.doc.Composite = true
	a.doc.ActionsEnabled = aws.ToBool(found.ActionsEnabled)
	a.doc.Actions = len(found.AlarmActions)
	return a
}

// joinComposites marks the alarms that an acting composite alarm watches
// directly. A rule names them as ALARM("name"), ALARM(name) or by their ARN.
func joinComposites(alarms []alarm) {
	for _, composite := range alarms {
		if !composite.doc.Composite || !composite.doc.ActionsEnabled || composite.doc.Actions == 0 {
			continue
		}
		named := map[string]bool{}
		for _, part := range strings.FieldsFunc(composite.rule, func(c rune) bool { return strings.ContainsRune(`()"`, c) }) {
			named[strings.TrimSpace(part)] = true
		}
		for i := range alarms {
			if named[alarms[i].name] || named[alarms[i].arn] {
				alarms[i].doc.FeedsComposite = true
			}
		}
	}
}

// scanAlarms marks what depends on alarms that were not listed.
func scanAlarms(ctx context.Context, p *engine.Place) error {
	alarms, listed := alarmsOf(ctx, p)
	err := engine.Each(ctx, p, alarms, func(_ context.Context, p *engine.Place, a alarm) {
		r := p.Read()
		if !a.doc.FeedsComposite {
			r.Got(listed, "feeds_composite")
		}
		r.Emit(a.arn, a.name, nil, &a.doc)
	})
	if listed != nil {
		return listed
	}
	return err
}
