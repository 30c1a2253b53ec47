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

// escalating holds the policies that pass any role to something that runs code,
// or change roles, with the ways, and why their conditions do not hold that up.
var escalating = map[string]string{
	"AWSBackupServiceRolePolicyForRestores":               "ec2-001", // restores instances with the role that they had
	"AWSBatchServiceRole":                                 "ec2-001 ecs-004 ecs-005 autoscaling-create autoscaling-update",
	"AWSDeepLensServiceRolePolicy":                        "sagemaker-002",                                                    // whatever its name begins with, the job runs the caller's code
	"AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy": "cloudformation-001 ec2-001 autoscaling-create autoscaling-update", // stacks and templates are the caller's to name and to write
	"AWSElasticBeanstalkService":                          "cloudformation-001 codebuild-001 ec2-001 autoscaling-create autoscaling-update",
	"AWSLambda_FullAccess":                                "lambda-001 lambda-002 lambda-006",
	"AWSMarketplaceFullAccess":                            "ec2-001",
	"AdministratorAccess-AWSElasticBeanstalk":             "cloudformation-001 ec2-001 autoscaling-create autoscaling-update",                    // the same
	"AdministratorAccess-Amplify":                         "iam-001 iam-005 iam-009 iam-012 cloudformation-001 lambda-001 lambda-002 lambda-006", // IAM through CloudFormation, which the caller may use, and roles attached without it
	"AmazonDynamoDBFullAccesswithDataPipeline":            "datapipeline-001 ec2-001 lambda-001 lambda-002 lambda-006",
	"AmazonEC2SpotFleetTaggingRole":                       "ec2-001 ec2-003",
	"AmazonECS_FullAccess":                                "ecs-003 ecs-004 ecs-005",
	"AmazonEKSComputePolicy":                              "ec2-001", // who has the tag of a cluster may give it to what it makes
	"AmazonElasticMapReduceFullAccess":                    "cloudformation-001 ec2-001 ec2-003",
	"AmazonElasticMapReduceRole":                          "ec2-001 ec2-003",
	"AmazonRedshiftAllCommandsFullAccess":                 "sagemaker-002 sagemaker-003",               // a job may be called as it likes
	"AmazonSageMakerCanvasDataPrepFullAccess":             "sagemaker-003",                             // the same
	"AmazonSageMakerCanvasFullAccess":                     "sagemaker-002 sagemaker-003",               // the same
	"AmazonSageMakerFullAccess":                           "sagemaker-001 sagemaker-002 sagemaker-003", // all but a few kinds of resources
	"AmazonSageMakerPipelinesIntegrations":                "lambda-001",                                // a function may be called as it likes
	"DataScientist":                                       "sagemaker-001 sagemaker-002 sagemaker-003", // all but a few kinds of resources
	"EC2FastLaunchFullAccess":                             "ec2-001",                                   // the tag that it asks for is the caller's to give
	"EC2ImageBuilderExecutionPolicy":                      "ec2-001",                                   // the same
	"ServerMigrationServiceLaunchRole":                    "ec2-001",
}

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
	ways := map[string]string{}
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
			ways[name] = strings.Join(ids(grants.Escalates), " ")
		case slices.Contains(grants.Unsure, "Everything"), slices.Contains(grants.Unsure, "Escalates"):
			got["unsure"] = append(got["unsure"], name)
		}
	}
	for _, names := range got {
		slices.Sort(names)
	}
	want := map[string][]string{
		"everything": {"AdministratorAccess", "IAMFullAccess"},
		"unsure":     {"AWSMcpServiceActionsFullAccess"}, // its one condition has a key that the reference lacks
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of %d policies (-want +got):\n%s", len(provided), diff)
	}
	if diff := cmp.Diff(escalating, ways); diff != "" {
		t.Errorf("ways of %d policies (-want +got):\n%s", len(provided), diff)
	}
}
