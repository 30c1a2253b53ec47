package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafkaconnect"
	"github.com/aws/aws-sdk-go-v2/service/kafkaconnect/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// MSKConnector is what rules may ask of a connector of MSK Connect.
type MSKConnector struct {
	TLS bool `json:"tls"` // it talks to its cluster over TLS
}

const (
	listMSKConnectors    = "kafkaconnect:ListConnectors"
	listMSKConnectorTags = "kafkaconnect:ListTagsForResource"
)

var mskConnectors = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::KafkaConnect::Connector",
		Service: "kafkaconnect",
		Doc:     MSKConnector{},
		Calls: []scanners.Call{
			{Op: listMSKConnectors},
			{Op: listMSKConnectorTags, Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/msk/home?region={region}#/connector/{id}/view"},
	},
	Scan: scanMSKConnectors,
}

func kafkaConnectClient(p *engine.Place) *kafkaconnect.Client {
	return engine.Client(p, kafkaconnect.NewFromConfig)
}

func scanMSKConnectors(ctx context.Context, p *engine.Place) error {
	pages := kafkaconnect.NewListConnectorsPaginator(kafkaConnectClient(p), &kafkaconnect.ListConnectorsInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *kafkaconnect.ListConnectorsOutput) []types.ConnectorSummary { return page.Connectors }, readMSKConnector)
}

func readMSKConnector(ctx context.Context, p *engine.Place, connector types.ConnectorSummary) {
	if connector.ConnectorState == types.ConnectorStateDeleting {
		return
	}
	r := p.Read()
	var doc MSKConnector
	if e := connector.KafkaClusterEncryptionInTransit; e != nil {
		doc.TLS = choice(r, e.EncryptionType, listMSKConnectors, "tls") == types.KafkaClusterEncryptionInTransitTypeTls
	} else {
		r.Absent(listMSKConnectors, "tls")
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := kafkaConnectClient(p).ListTagsForResource(ctx, &kafkaconnect.ListTagsForResourceInput{ResourceArn: connector.ConnectorArn})
		if r.Got(err, "tags") {
			tags = out.Tags
		}
	}
	r.Emit(aws.ToString(connector.ConnectorArn), aws.ToString(connector.ConnectorName), tags, &doc)
}
