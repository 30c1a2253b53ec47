package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// OpenSearchDomain is what rules may ask of a domain of OpenSearch or
// Elasticsearch.
type OpenSearchDomain struct {
	EngineVersion string   `json:"engine_version"` // OpenSearch_2.11, Elasticsearch_7.10, ...
	Encrypted     bool     `json:"encrypted"`      // what it stores is encrypted
	NodesEncrypt  bool     `json:"nodes_encrypt"`  // its nodes use TLS among themselves
	HTTPSOnly     bool     `json:"https_only"`     // it refuses plain HTTP
	TLSPolicy     string   `json:"tls_policy"`     // Policy-Min-TLS-1-2-2019-07, ...
	AuditLogs     bool     `json:"audit_logs"`     // it publishes audit logs
	ErrorLogs     bool     `json:"error_logs"`     // it publishes the error logs of the engine
	InVPC         bool     `json:"in_vpc"`         // its endpoint lies in a VPC
	InstanceType  string   `json:"instance_type"`  // of its data nodes: r6g.large.search, t2.small.search, ...
	DataNodes     int64    `json:"data_nodes"`     // how many data nodes it has
	MasterNodes   int64    `json:"master_nodes"`   // how many dedicated master nodes it has; 0 where data nodes do their work
	Zones         int64    `json:"zones"`          // over how many Availability Zones its nodes are spread; 1 without zone awareness
	Public        bool     `json:"public"`         // its access policy lets anybody in, signed or not
	PublicBy      []string `json:"public_by"`      // the statements of the policy that do so: by Sid or number, and why
}

var openSearchDomains = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::OpenSearchService::Domain",
		Service: "es",
		Doc:     OpenSearchDomain{},
		Calls: []scanners.Call{
			{Op: "es:ListDomainNames"},
			{Op: "es:DescribeDomains"},
			{Op: "es:ListTags", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/aos/home?region={region}#opensearch/domains/{name}"},
	},
	Scan: scanOpenSearchDomains,
}

func openSearchClient(p *engine.Place) *opensearch.Client {
	return engine.Client(p, opensearch.NewFromConfig)
}

// openSearchBatch is how many domains are described by one call.
const openSearchBatch = 5

var errDomain error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a domain that is listed is not described"}

func scanOpenSearchDomains(ctx context.Context, p *engine.Place) error {
	listed, err := openSearchClient(p).ListDomainNames(ctx, &opensearch.ListDomainNamesInput{})
	if err != nil {
		return err
	}
	var names []string
	for _, domain := range listed.DomainNames {
		names = append(names, aws.ToString(domain.DomainName))
	}
	for batch := range slices.Chunk(names, openSearchBatch) {
		found, err := openSearchClient(p).DescribeDomains(ctx, &opensearch.DescribeDomainsInput{DomainNames: batch})
		if err != nil {
			return err
		}
		if err := engine.Each(ctx, p, found.DomainStatusList, readOpenSearchDomain); err != nil {
			return err
		}
		if len(found.DomainStatusList) < len(batch) {
			return engine.Malformed("es:DescribeDomains", errDomain)
		}
	}
	return nil
}

func readOpenSearchDomain(ctx context.Context, p *engine.Place, domain types.DomainStatus) {
	if aws.ToBool(domain.Deleted) {
		return // still listed for a while, but gone
	}
	r := p.Read()
	doc := OpenSearchDomain{
		EngineVersion: word(r, aws.ToString(domain.EngineVersion), "es:DescribeDomains", "engine_version"),
		AuditLogs:     aws.ToBool(domain.LogPublishingOptions[string(types.LogTypeAuditLogs)].Enabled),
		ErrorLogs:     aws.ToBool(domain.LogPublishingOptions[string(types.LogTypeEsApplicationLogs)].Enabled),
		InVPC:         domain.VPCOptions != nil && aws.ToString(domain.VPCOptions.VPCId) != "",
	}
	readOpenSearchNodes(r, domain.ClusterConfig, &doc)
	doc.readEncryption(r, domain)
	if domain.AccessPolicies == nil { // one without is answered ""
		r.Absent("es:DescribeDomains", "public", "public_by")
	}
	if policy := aws.ToString(domain.AccessPolicies); policy != "" {
		ours := readOpen(ctx, r, policy, from("es:DescribeDomains", "public", "public_by"), iampolicy.Ask{Service: "es", Resource: aws.ToString(domain.ARN)})
		doc.Public, doc.PublicBy = ours.open, ours.by
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := openSearchClient(p).ListTags(ctx, &opensearch.ListTagsInput{ARN: domain.ARN})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.TagList, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(domain.ARN), aws.ToString(domain.DomainName), tags, &doc)
}

// readOpenSearchNodes reads which nodes a domain has, how many, and where. With zone
// awareness there are two zones unless the answer says three.
func readOpenSearchNodes(r *engine.Reading, config *types.ClusterConfig, doc *OpenSearchDomain) {
	const op = "es:DescribeDomains"
	if config == nil {
		config = &types.ClusterConfig{}
	}
	doc.InstanceType = word(r, config.InstanceType, op, "instance_type")
	doc.DataNodes = count(r, config.InstanceCount, op, "data_nodes")
	if r.Flag(config.DedicatedMasterEnabled, op, "master_nodes") {
		doc.MasterNodes = count(r, config.DedicatedMasterCount, op, "master_nodes")
	}
	doc.Zones = 1
	if r.Flag(config.ZoneAwarenessEnabled, op, "zones") {
		doc.Zones = 2
		if zones := config.ZoneAwarenessConfig; zones != nil && zones.AvailabilityZoneCount != nil {
			doc.Zones = int64(*zones.AvailabilityZoneCount)
		}
	}
}

// readEncryption reads what a domain encrypts at rest and on the way.
func (doc *OpenSearchDomain) readEncryption(r *engine.Reading, domain types.DomainStatus) {
	const op = "es:DescribeDomains"
	var atRest types.EncryptionAtRestOptions
	if domain.EncryptionAtRestOptions != nil {
		atRest = *domain.EncryptionAtRestOptions
	}
	var nodes types.NodeToNodeEncryptionOptions
	if domain.NodeToNodeEncryptionOptions != nil {
		nodes = *domain.NodeToNodeEncryptionOptions
	}
	var endpoint types.DomainEndpointOptions
	if domain.DomainEndpointOptions != nil {
		endpoint = *domain.DomainEndpointOptions
	}
	doc.Encrypted = r.Flag(atRest.Enabled, op, "encrypted")
	doc.NodesEncrypt = r.Flag(nodes.Enabled, op, "nodes_encrypt")
	doc.HTTPSOnly = r.Flag(endpoint.EnforceHTTPS, op, "https_only")
	doc.TLSPolicy = word(r, endpoint.TLSSecurityPolicy, op, "tls_policy")
}
