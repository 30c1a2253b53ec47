package iampolicy

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/pythontest"
)

// documents prints all policies that AWS provides, as moto has them, by name,
// without those of roles that only a service can make.
const documents = `
import json
from moto.iam.aws_managed_policies import aws_managed_policies_data as data
print(json.dumps({name: json.dumps(policy["Document"]) for name, policy in json.loads(data).items() if "aws-service-role" not in policy["Path"]}))
`

// escalating names the policies that pass any role to something that runs
// code, or change roles.
const escalating = `
		AWSBackupServiceRolePolicyForRestores AWSBatchServiceRole AWSDeepLensServiceRolePolicy
		AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy AWSElasticBeanstalkService AWSLambda_FullAccess AWSMarketplaceFullAccess
		AdministratorAccess-AWSElasticBeanstalk AdministratorAccess-Amplify AmazonDynamoDBFullAccesswithDataPipeline
		AmazonEC2SpotFleetTaggingRole AmazonECS_FullAccess AmazonEKSComputePolicy AmazonElasticMapReduceFullAccess
		AmazonElasticMapReduceRole AmazonRedshiftAllCommandsFullAccess AmazonSageMakerCanvasDataPrepFullAccess
		AmazonSageMakerCanvasFullAccess AmazonSageMakerFullAccess AmazonSageMakerPipelinesIntegrations DataScientist
		EC2FastLaunchFullAccess EC2ImageBuilderExecutionPolicy ServerMigrationServiceLaunchRole
`

// TestProvidedPolicies evaluates every policy that AWS provides: which ones
// allow everything, and which others let their holder get more.
func TestProvidedPolicies(t *testing.T) {
	python, err := pythontest.Find("python", "POSTURE_PYTHON")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", documents).Output()
	if err != nil {
		t.Fatal(err)
	}
	var provided map[string]string
	if err := json.Unmarshal(out, &provided); err != nil {
		t.Fatal(err)
	}
	if len(provided) < 1200 {
		t.Fatalf("only %d policies", len(provided))
	}
	got := map[string][]string{}
	for name, text := range provided {
		doc, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		grants := grantsTo(doc)
		switch {
		case grants.Everything:
			got["everything"] = append(got["everything"], name)
		case len(grants.Escalates) > 0:
			got["escalates"] = append(got["escalates"], name)
		case slices.Contains(grants.Unsure, "Everything"), slices.Contains(grants.Unsure, "Escalates"):
			got["unsure"] = append(got["unsure"], name)
		}
	}
	for _, names := range got {
		slices.Sort(names)
	}
	want := map[string][]string{
		"everything": {"AdministratorAccess", "IAMFullAccess"},
		"escalates":  strings.Fields(escalating),
		"unsure":     {"AWSMcpServiceActionsFullAccess"}, // its one condition has a key that the reference lacks
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of %d policies (-want +got):\n%s", len(provided), diff)
	}
}
