package services

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EMRCluster is what rules may ask of a cluster of EMR on EC2.
type EMRCluster struct {
	Transient    bool `json:"transient"`     // it ends by itself when its steps are done, so that nobody signs in
	Kerberos     bool `json:"kerberos"`      // users sign in with Kerberos
	PublicMaster bool `json:"public_master"` // a primary node has a public IPv4 address
}

const (
	describeEMRCluster = "elasticmapreduce:DescribeCluster"
	listEMRClusters    = "elasticmapreduce:ListClusters"
	listEMRInstances   = "elasticmapreduce:ListInstances"
)

// emrFields are the fields that a cluster's description gives.
var emrFields = []string{"transient", "kerberos", "public_master", "tags"}

var emrClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EMR::Cluster",
		Service: "elasticmapreduce",
		Doc:     EMRCluster{},
		Calls: []scanners.Call{
			{Op: listEMRClusters},
			{Op: describeEMRCluster, Each: true, For: emrFields},
			{Op: listEMRInstances, Each: true, For: []string{"public_master"}},
		},
		Console: scanners.Console{Path: "/emr/home?region={region}#/clusterDetails/{last}"},
	},
	Scan: scanEMRClusters,
}

func emrClient(p *engine.Place) *emr.Client { return engine.Client(p, emr.NewFromConfig) }

func scanEMRClusters(ctx context.Context, p *engine.Place) error {
	live := []types.ClusterState{types.ClusterStateStarting, types.ClusterStateBootstrapping, types.ClusterStateRunning, types.ClusterStateWaiting}
	pages := emr.NewListClustersPaginator(emrClient(p), &emr.ListClustersInput{ClusterStates: live})
	return engine.EachListed(ctx, p, pages, func(page *emr.ListClustersOutput) []types.ClusterSummary { return page.Clusters }, readEMRCluster)
}

func readEMRCluster(ctx context.Context, p *engine.Place, summary types.ClusterSummary) {
	r := p.Read()
	var doc EMRCluster
	var tags map[string]string
	if r.Wants(emrFields...) {
		out, err := emrClient(p).DescribeCluster(ctx, &emr.DescribeClusterInput{ClusterId: summary.Id})
		switch {
		case !r.Got(err, emrFields...):
		case out.Cluster == nil:
			r.Absent(describeEMRCluster, emrFields...)
		default:
			tags = engine.Tags(out.Cluster.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
			doc.Transient = r.Flag(out.Cluster.AutoTerminate, describeEMRCluster, "transient")
			doc.Kerberos = out.Cluster.KerberosAttributes != nil && aws.ToString(out.Cluster.KerberosAttributes.Realm) != ""
			doc.PublicMaster = readPublicMaster(ctx, r, out.Cluster)
		}
	}
	r.Emit(aws.ToString(summary.ClusterArn), aws.ToString(summary.Name), tags, &doc)
}

// readPublicMaster reports whether a primary node has a public address.
func readPublicMaster(ctx context.Context, r *engine.Reading, cluster *types.Cluster) bool {
	const field = "public_master"
	if !r.Wants(field) {
		return false
	}
	input := &emr.ListInstancesInput{ClusterId: cluster.Id, InstanceStates: []types.InstanceState{
		types.InstanceStateAwaitingFulfillment, types.InstanceStateProvisioning, types.InstanceStateBootstrapping, types.InstanceStateRunning,
	}}
	if choice(r, cluster.InstanceCollectionType, describeEMRCluster, field) == types.InstanceCollectionTypeInstanceFleet {
		input.InstanceFleetType = types.InstanceFleetTypeMaster
	} else {
		input.InstanceGroupTypes = []types.InstanceGroupType{types.InstanceGroupTypeMaster}
	}
	nodes, err := engine.ListAll(ctx, emr.NewListInstancesPaginator(emrClient(r.Place), input), func(page *emr.ListInstancesOutput) []types.Instance { return page.Instances })
	for _, node := range nodes {
		if aws.ToString(node.PublicIpAddress) != "" {
			return true
		}
	}
	if r.Got(err, field) && len(nodes) == 0 {
		r.Absent(listEMRInstances, field) // a cluster always has one
	}
	return false
}

// EMRSecurityConfiguration is what rules may ask of a security configuration,
// which clusters are made with.
type EMRSecurityConfiguration struct {
	AtRest    bool `json:"at_rest"`    // data on disks and in S3 is encrypted
	InTransit bool `json:"in_transit"` // data between nodes is encrypted
}

const describeEMRSecurity = "elasticmapreduce:DescribeSecurityConfiguration"

var emrSecurityConfigurations = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EMR::SecurityConfiguration",
		Service: "elasticmapreduce",
		Doc:     EMRSecurityConfiguration{},
		Calls: []scanners.Call{
			{Op: "elasticmapreduce:ListSecurityConfigurations"},
			{Op: describeEMRSecurity, Each: true, For: []string{"at_rest", "in_transit"}},
		},
		Console: scanners.Console{Path: "/emr/home?region={region}#/securityConfigs"},
	},
	Scan: scanEMRSecurityConfigurations,
}

func scanEMRSecurityConfigurations(ctx context.Context, p *engine.Place) error {
	pages := emr.NewListSecurityConfigurationsPaginator(emrClient(p), &emr.ListSecurityConfigurationsInput{})
	return engine.EachListed(ctx, p, pages, func(page *emr.ListSecurityConfigurationsOutput) []types.SecurityConfigurationSummary {
		return page.SecurityConfigurations
	}, readEMRSecurityConfiguration)
}

func readEMRSecurityConfiguration(ctx context.Context, p *engine.Place, summary types.SecurityConfigurationSummary) {
	r := p.Read()
	var doc EMRSecurityConfiguration
	if r.Wants("at_rest", "in_transit") {
		out, err := emrClient(p).DescribeSecurityConfiguration(ctx, &emr.DescribeSecurityConfigurationInput{Name: summary.Name})
		if r.Got(err, "at_rest", "in_transit") {
			readEMREncryption(r, out.SecurityConfiguration, &doc)
		}
	}
	name := aws.ToString(summary.Name)
	r.Emit(p.ARN("elasticmapreduce", "securityconfiguration/"+name), name, nil, &doc)
}

// readEMREncryption reads what the text of a configuration says of encryption. One
// that says nothing encrypts nothing.
func readEMREncryption(r *engine.Reading, text *string, doc *EMRSecurityConfiguration) {
	var said struct {
		EncryptionConfiguration struct{ EnableAtRestEncryption, EnableInTransitEncryption bool }
	}
	if text == nil {
		r.Absent(describeEMRSecurity, "at_rest", "in_transit")
		return
	}
	if err := json.Unmarshal([]byte(*text), &said); !r.Got(engine.Malformed(describeEMRSecurity, err), "at_rest", "in_transit") {
		return
	}
	doc.AtRest, doc.InTransit = said.EncryptionConfiguration.EnableAtRestEncryption, said.EncryptionConfiguration.EnableInTransitEncryption
}
