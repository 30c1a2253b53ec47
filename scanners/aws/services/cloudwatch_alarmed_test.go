package services

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// metricAlarmOf answers an alarm that acts on a metric.
func metricAlarmOf(metric string) string {
	return `{"MetricAlarms": [{"AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a", "ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:on-call"], ` + metric + `}]}`
}

// on is a metric with dimensions, as name=value.
func on(namespace, name string, dimensions ...string) string {
	var list []string
	for _, d := range dimensions {
		key, value, _ := strings.Cut(d, "=")
		list = append(list, `{"Name": "`+key+`", "Value": "`+value+`"}`)
	}
	return `"Namespace": "` + namespace + `", "MetricName": "` + name + `", "Dimensions": [` + strings.Join(list, ", ") + `]`
}

// TestAlarmed holds for each type with alarms which of them watch one.
func TestAlarmed(t *testing.T) {
	const alarms = "cloudwatch:DescribeAlarms"
	const function, queue, table, database = "arn:aws:lambda:us-east-1:111122223333:function:good", "arn:aws:sqs:us-east-1:111122223333:orders", "arn:aws:dynamodb:us-east-1:111122223333:table/orders", "arn:aws:rds:us-east-1:111122223333:db:good"
	const balancer = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/1"
	errorsOf := `{"Metric": {` + on("AWS/Lambda", "Errors", "FunctionName=good") + `}, "Period": 60, "Stat": "Sum"}`
	unsure := []posture.Unread{{Field: "alarmed", Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: alarms, Code: "query"}}}
	for _, test := range []struct {
		name, typ, id, alarms string
		want                  []string
		unread                []posture.Unread
	}{
		{"a function's", "AWS::Lambda::Function", function, metricAlarmOf(on("AWS/Lambda", "Errors", "FunctionName=good")), []string{"Errors"}, nil},
		{"of one of its versions too", "AWS::Lambda::Function", function, metricAlarmOf(on("AWS/Lambda", "Throttles", "FunctionName=good", "Resource=good:live")), []string{"Throttles"}, nil},
		{"of all functions", "AWS::Lambda::Function", function, metricAlarmOf(on("AWS/Lambda", "Errors")), []string{"Errors"}, nil},
		{"of another function", "AWS::Lambda::Function", function, metricAlarmOf(on("AWS/Lambda", "Errors", "FunctionName=bad")), nil, nil},
		{"of a metric of one's own", "AWS::Lambda::Function", function, metricAlarmOf(on("Shop", "Errors", "FunctionName=good")), nil, nil},
		{"within an expression", "AWS::Lambda::Function", function, metricAlarmOf(`"Metrics": [{"Id": "m1", "ReturnData": false, "MetricStat": ` + errorsOf + `}, {"Id": "e1", "Expression": "m1 / 5"}]`), []string{"Errors"}, nil},
		{"within an expression, of another account", "AWS::Lambda::Function", function, metricAlarmOf(`"Metrics": [{"Id": "m1", "AccountId": "444455556666", "MetricStat": ` + errorsOf + `}]`), nil, nil},
		{"within an expression, of this account by its id", "AWS::Lambda::Function", function, metricAlarmOf(`"Metrics": [{"Id": "m1", "AccountId": "111122223333", "MetricStat": ` + errorsOf + `}]`), []string{"Errors"}, nil},
		{"by a query", "AWS::Lambda::Function", function, metricAlarmOf(`"Metrics": [{"Id": "q1", "Expression": "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName)", "Period": 60}]`), nil, unsure},
		{"by a query of something else", "AWS::Lambda::Function", function, metricAlarmOf(`"Metrics": [{"Id": "q1", "Expression": "SELECT SUM(Errors) FROM SCHEMA(\"Shop\", FunctionName)", "Period": 60}]`), nil, nil},
		{"that nobody hears of", "AWS::Lambda::Function", function, strings.Replace(metricAlarmOf(on("AWS/Lambda", "Errors", "FunctionName=good")), `"ActionsEnabled": true`, `"ActionsEnabled": false`, 1), nil, nil},
		{"a queue's", "AWS::SQS::Queue", queue, metricAlarmOf(on("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName=orders")), []string{"ApproximateAgeOfOldestMessage"}, nil},
		{"of no queue in particular", "AWS::SQS::Queue", queue, metricAlarmOf(on("AWS/SQS", "ApproximateAgeOfOldestMessage")), nil, nil},
		{"a table's", "AWS::DynamoDB::Table", table, metricAlarmOf(on("AWS/DynamoDB", "ThrottledRequests", "TableName=orders", "Operation=PutItem")), []string{"ThrottledRequests"}, nil},
		{"of an index of a table", "AWS::DynamoDB::Table", table, metricAlarmOf(on("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName=orders", "GlobalSecondaryIndexName=by-day")), nil, nil},
		{"a database's", "AWS::RDS::DBInstance", database, metricAlarmOf(on("AWS/RDS", "CPUUtilization", "DBInstanceIdentifier=good")), []string{"CPUUtilization"}, nil},
		{"of all databases of a class", "AWS::RDS::DBInstance", database, metricAlarmOf(on("AWS/RDS", "CPUUtilization", "DatabaseClass=db.t4g.small")), nil, nil},
		{"of no cluster", "AWS::RDS::DBInstance", database, metricAlarmOf(on("AWS/RDS", "CPUUtilization", "DBClusterIdentifier=")), nil, nil},
		{"a load balancer's", "AWS::ElasticLoadBalancingV2::LoadBalancer", balancer, metricAlarmOf(on("AWS/ApplicationELB", "UnHealthyHostCount", "TargetGroup=targetgroup/good/2", "LoadBalancer=app/web/1")), []string{"UnHealthyHostCount"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scanTypes(t, fixtures(t, map[string]string{alarms: test.alarms}), test.typ)
			r := s.get(t, test.id)
			got, _ := reflect.ValueOf(r.Doc).Elem().FieldByName("Alarmed").Interface().([]string)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("alarmed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unread, r.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAlarmedRefused holds for each such type that alarms which were not listed
// leave the field open, unless all are known.
func TestAlarmedRefused(t *testing.T) {
	const alarms = "cloudwatch:DescribeAlarms"
	for typ := range typesWith("alarmed") {
		s := scanTypes(t, fixtures(t, map[string]string{alarms + " error=AccessDenied status=403": ""}), typ)
		for _, r := range s.Resources {
			if diff := cmp.Diff(refused(alarms, "AccessDenied", alarms, "alarmed"), r.Unread); diff != "" {
				t.Errorf("%s (-want +got):\n%s", r.ID, diff)
			}
		}
	}
	both := strings.TrimSuffix(metricAlarmOf(on("AWS/Lambda", "Errors")), `]}`) + `, ` +
		strings.TrimSuffix(strings.TrimPrefix(metricAlarmOf(on("AWS/Lambda", "Throttles")), `{"MetricAlarms": [`), `]}`) + `], "NextToken": "two"}`
	s := scanTypes(t, fixtures(t, map[string]string{alarms: both, alarms + " NextToken=two error=AccessDenied status=403": ""}), "AWS::Lambda::Function")
	for _, r := range s.Resources {
		if len(r.Unread) > 0 {
			t.Errorf("%s: unread %v, though both alarms were listed", r.ID, r.Unread)
		}
	}
}
