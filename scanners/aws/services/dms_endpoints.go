package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	"github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DMSEndpoint is what rules may ask of an endpoint of DMS: a database or store
// that data is copied from or to.
type DMSEndpoint struct {
	Engine      string `json:"engine"`       // postgres, oracle, kafka, s3, ...
	OfAWS       bool   `json:"of_aws"`       // a service of AWS that DMS always calls by TLS, such as s3 or redshift
	RequiresTLS bool   `json:"requires_tls"` // DMS connects by TLS or not at all; false for what is of AWS
}

// dmsByTLS are the engines that DMS always reaches by TLS: the endpoint has no
// setting for it.
var dmsByTLS = []string{"dynamodb", "elasticsearch", "kinesis", "neptune", "opensearch", "redshift", "redshift-serverless", "s3", "timestream"}

// dmsBySSLMode are the engines whose endpoints have an SSL mode.
var dmsBySSLMode = []string{
	"aurora", "aurora-postgresql", "aurora-postgresql-serverless", "aurora-serverless", "azure-sql-managed-instance", "azuredb", "babelfish",
	"db2", "db2-zos", "docdb", "documentdb", "mariadb", "mongodb", "mysql", "oracle", "postgres", "sqlserver", "sybase",
}

var dmsEndpoints = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DMS::Endpoint",
		Service: "dms",
		Doc:     DMSEndpoint{},
		Calls: []scanners.Call{
			{Op: "dms:DescribeEndpoints"},
			{Op: "dms:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/dms/v2/home?region={region}#endpointDetails/{name}"},
	},
	Scan: scanDMSEndpoints,
}

func scanDMSEndpoints(ctx context.Context, p *engine.Place) error {
	pages := dms.NewDescribeEndpointsPaginator(dmsClient(p), &dms.DescribeEndpointsInput{MaxRecords: aws.Int32(dmsPage)})
	return engine.EachListed(ctx, p, pages, func(page *dms.DescribeEndpointsOutput) []types.Endpoint { return page.Endpoints }, readDMSEndpoint)
}

func readDMSEndpoint(ctx context.Context, p *engine.Place, endpoint types.Endpoint) {
	r := p.Read()
	doc := DMSEndpoint{Engine: word(r, aws.ToString(endpoint.EngineName), "dms:DescribeEndpoints", "engine", "of_aws")}
	doc.OfAWS = slices.Contains(dmsByTLS, doc.Engine)
	if !doc.OfAWS {
		doc.RequiresTLS = readDMSTLS(r, endpoint, doc.Engine)
	}
	r.Emit(aws.ToString(endpoint.EndpointArn), aws.ToString(endpoint.EndpointIdentifier), dmsTags(ctx, r, endpoint.EndpointArn), &doc)
}

// readDMSTLS reports whether DMS refuses to connect without TLS. Of an engine
// that is not known a mode of none says nothing: it may have another setting.
func readDMSTLS(r *engine.Reading, endpoint types.Endpoint, name string) bool {
	const op, field = "dms:DescribeEndpoints", "requires_tls"
	switch {
	case name == "kafka" && endpoint.KafkaSettings != nil:
		return choice(r, endpoint.KafkaSettings.SecurityProtocol, op, field) != types.KafkaSecurityProtocolPlaintext
	case name == "redis" && endpoint.RedisSettings != nil:
		return choice(r, endpoint.RedisSettings.SslSecurityProtocol, op, field) == types.SslSecurityProtocolValueSslEncryption
	case name == "kafka" || name == "redis":
		r.Absent(op, field)
		return false
	case choice(r, endpoint.SslMode, op, field) != types.DmsSslModeValueNone:
		return endpoint.SslMode != ""
	case !slices.Contains(dmsBySSLMode, name):
		r.Got(engine.Malformed(op, errNewValue), field)
	}
	return false
}
