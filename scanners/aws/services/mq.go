package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/mq"
	"github.com/aws/aws-sdk-go-v2/service/mq/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// MQBroker is what rules may ask of a broker of Amazon MQ.
type MQBroker struct {
	Engine      string `json:"engine"`       // ACTIVEMQ or RABBITMQ
	GeneralLogs bool   `json:"general_logs"` // what it does is logged to CloudWatch
	AuditLogs   bool   `json:"audit_logs"`   // so is what people do in its console and by its API; false for RabbitMQ, which cannot
}

var mqBrokers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::AmazonMQ::Broker",
		Service: "mq",
		Doc:     MQBroker{},
		Calls: []scanners.Call{
			{Op: "mq:ListBrokers"},
			{Op: "mq:DescribeBroker", Each: true, For: []string{"general_logs", "audit_logs", "tags"}},
		},
		Console: scanners.Console{Path: "/amazon-mq/home?region={region}#/brokers/details?id={last}"},
	},
	Scan: scanMQBrokers,
}

func mqClient(p *engine.Place) *mq.Client { return engine.Client(p, mq.NewFromConfig) }

func scanMQBrokers(ctx context.Context, p *engine.Place) error {
	pages := mq.NewListBrokersPaginator(mqClient(p), &mq.ListBrokersInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *mq.ListBrokersOutput) []types.BrokerSummary { return page.BrokerSummaries }, readMQBroker)
}

func readMQBroker(ctx context.Context, p *engine.Place, broker types.BrokerSummary) {
	if broker.BrokerState == types.BrokerStateDeletionInProgress {
		return
	}
	r := p.Read()
	kind := types.EngineType(strings.ToUpper(string(broker.EngineType))) // the API says ActiveMQ too
	doc := MQBroker{Engine: string(choice(r, kind, "mq:ListBrokers", "engine"))}
	var tags map[string]string
	if r.Wants("general_logs", "audit_logs", "tags") {
		out, err := mqClient(p).DescribeBroker(ctx, &mq.DescribeBrokerInput{BrokerId: broker.BrokerId})
		if r.Got(err, "general_logs", "audit_logs", "tags") {
			setMQLogs(r, kind, out.Logs, &doc)
			if len(out.Tags) > 0 {
				tags = out.Tags
			}
		}
	}
	r.Emit(aws.ToString(broker.BrokerArn), aws.ToString(broker.BrokerName), tags, &doc)
}

// setMQLogs takes the fields from an answer. RabbitMQ has no audit log, so
// nothing is said of it.
func setMQLogs(r *engine.Reading, kind types.EngineType, logs *types.LogsSummary, doc *MQBroker) {
	const op = "mq:DescribeBroker"
	if logs == nil {
		logs = &types.LogsSummary{}
	}
	doc.GeneralLogs = r.Flag(logs.General, op, "general_logs")
	if kind != types.EngineTypeRabbitmq {
		doc.AuditLogs = r.Flag(logs.Audit, op, "audit_logs")
	}
}
