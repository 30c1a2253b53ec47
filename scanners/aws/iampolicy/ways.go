package iampolicy

import "strings"

// kind is what a way to more permissions needs.
type kind int

const (
	overOthers kind = iota // power over every other user, role, group or policy
	overItself             // power over oneself, or over every other
	passesRole             // any role may be passed to something new that runs code
	borrows                // something that is there and already has a role
)

// way is one published way to more permissions. To pass a role, every role
// must be allowed; what is made with it may be narrow, one is enough.
type way struct {
	id     string
	source string // page that describes it
	kind   kind
	needs  []string
	passes []string // the services that the role is passed to
	lender string   // of a way that borrows, what it borrows from, where that is one of Lender's kinds
	beside []string // of needs, those that are not about the lender
}

const (
	pathfinding = "pathfinding.cloud/paths/"
	rhino       = "rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/"
	bishopfox   = "bishopfox.com/blog/privilege-escalation-in-aws"

	// A run may name another script than its job's.
	glueArguments = "docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html"
)

func published(id string, k kind, needs ...string) way {
	return way{id: id, source: pathfinding + id, kind: k, needs: needs}
}

// passing is a way by a role that is passed to some service, one of those
// that services names, parted by a space.
func passing(id, services string, needs ...string) way {
	w := published(id, passesRole, append([]string{"iam:PassRole"}, needs...)...)
	w.passes = strings.Fields(services)
	return w
}

// borrowing is a way to the role of something that is there, of one of Lender's
// kinds.
func borrowing(id, lender string, needs ...string) way {
	w := published(id, borrows, needs...)
	w.lender = lender
	return w
}

// ways holds the published ways to more permissions, as of 2026-11.
var ways = []way{
	published("iam-001", overItself, "iam:CreatePolicyVersion"),
	published("iam-002", overOthers, "iam:CreateAccessKey"),
	published("iam-003", overOthers, "iam:CreateAccessKey", "iam:DeleteAccessKey"),
	published("iam-004", overOthers, "iam:CreateLoginProfile"),
	published("iam-005", overItself, "iam:PutRolePolicy"),
	published("iam-006", overOthers, "iam:UpdateLoginProfile"),
	published("iam-007", overItself, "iam:PutUserPolicy"),
	published("iam-008", overItself, "iam:AttachUserPolicy"),
	published("iam-009", overItself, "iam:AttachRolePolicy"),
	published("iam-010", overItself, "iam:AttachGroupPolicy"),
	published("iam-011", overItself, "iam:PutGroupPolicy"),
	published("iam-012", overOthers, "iam:UpdateAssumeRolePolicy"),
	published("iam-013", overOthers, "iam:AddUserToGroup"),
	published("iam-014", overOthers, "iam:AttachRolePolicy", "sts:AssumeRole"),
	published("iam-015", overOthers, "iam:AttachUserPolicy", "iam:CreateAccessKey"),
	published("iam-016", overOthers, "iam:CreatePolicyVersion", "sts:AssumeRole"),
	published("iam-017", overOthers, "iam:PutRolePolicy", "sts:AssumeRole"),
	published("iam-018", overOthers, "iam:PutUserPolicy", "iam:CreateAccessKey"),
	published("iam-019", overOthers, "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"),
	published("iam-020", overOthers, "iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy"),
	published("iam-021", overOthers, "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"),
	{id: "set-default-policy-version", source: rhino, kind: overItself, needs: []string{"iam:SetDefaultPolicyVersion"}},

	passing("apprunner-001", "tasks.apprunner.amazonaws.com build.apprunner.amazonaws.com", "apprunner:CreateService"),
	passing("batch-001", "ecs-tasks.amazonaws.com batch.amazonaws.com", "batch:RegisterJobDefinition", "batch:SubmitJob"),
	passing("bedrock-001", "bedrock-agentcore.amazonaws.com",
		"bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
	passing("cloudformation-001", "cloudformation.amazonaws.com", "cloudformation:CreateStack"),
	passing("cloudformation-003", "cloudformation.amazonaws.com", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
	passing("cloudformation-004", "cloudformation.amazonaws.com", "cloudformation:UpdateStackSet"),
	passing("codebuild-001", "codebuild.amazonaws.com", "codebuild:CreateProject", "codebuild:StartBuild"),
	passing("codebuild-004", "codebuild.amazonaws.com", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
	passing("datapipeline-001", "datapipeline.amazonaws.com elasticmapreduce.amazonaws.com ec2.amazonaws.com",
		"datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
	passing("ec2-001", "ec2.amazonaws.com", "ec2:RunInstances"),
	passing("ec2-003", "ec2.amazonaws.com", "ec2:RequestSpotInstances"),
	passing("ecs-001", "ecs-tasks.amazonaws.com", "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
	passing("ecs-002", "ecs-tasks.amazonaws.com", "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
	passing("ecs-003", "ecs-tasks.amazonaws.com", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
	passing("ecs-004", "ecs-tasks.amazonaws.com", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
	passing("ecs-005", "ecs-tasks.amazonaws.com", "ecs:RegisterTaskDefinition", "ecs:StartTask"),
	passing("glue-001", "glue.amazonaws.com", "glue:CreateDevEndpoint"),
	passing("glue-003", "glue.amazonaws.com", "glue:CreateJob", "glue:StartJobRun"),
	passing("glue-004", "glue.amazonaws.com", "glue:CreateJob", "glue:CreateTrigger"),
	passing("glue-005", "glue.amazonaws.com", "glue:UpdateJob", "glue:StartJobRun"),
	passing("glue-006", "glue.amazonaws.com", "glue:UpdateJob", "glue:CreateTrigger"),
	passing("lambda-001", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:InvokeFunction"),
	passing("lambda-002", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
	passing("lambda-006", "lambda.amazonaws.com", "lambda:CreateFunction", "lambda:AddPermission"),
	passing("sagemaker-001", "sagemaker.amazonaws.com", "sagemaker:CreateNotebookInstance"),
	passing("sagemaker-002", "sagemaker.amazonaws.com", "sagemaker:CreateTrainingJob"),
	passing("sagemaker-003", "sagemaker.amazonaws.com", "sagemaker:CreateProcessingJob"),
	{id: "autoscaling-create", source: bishopfox, kind: passesRole, passes: []string{"ec2.amazonaws.com", "autoscaling.amazonaws.com"},
		needs: []string{"iam:PassRole", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"}},
	{id: "autoscaling-update", source: bishopfox, kind: passesRole, passes: []string{"ec2.amazonaws.com", "autoscaling.amazonaws.com"},
		needs: []string{"iam:PassRole", "autoscaling:CreateLaunchConfiguration", "autoscaling:UpdateAutoScalingGroup"}},

	published("apprunner-002", borrows, "apprunner:UpdateService"),
	published("bedrock-002", borrows, "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
	borrowing("cloudformation-002", Stack, "cloudformation:UpdateStack"),
	borrowing("cloudformation-005", Stack, "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
	borrowing("codebuild-002", Project, "codebuild:StartBuild"),
	borrowing("codebuild-003", Project, "codebuild:StartBuildBatch"),
	borrowing("ec2-002", Instance, "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
	borrowing("ec2-004", Template, "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
	{id: "ec2instanceconnect-003", source: pathfinding + "ec2instanceconnect-003", kind: borrows, lender: Instance,
		needs: []string{"ec2-instance-connect:SendSSHPublicKey", "ec2:DescribeInstances"}, beside: []string{"ec2:DescribeInstances"}},
	borrowing("glue-002", Endpoint, "glue:UpdateDevEndpoint"),
	{id: "glue-script-location", source: glueArguments, kind: borrows, lender: Job, needs: []string{"glue:StartJobRun"}},
	borrowing("lambda-003", Function, "lambda:UpdateFunctionCode"),
	borrowing("lambda-004", Function, "lambda:UpdateFunctionCode", "lambda:InvokeFunction"),
	borrowing("lambda-005", Function, "lambda:UpdateFunctionCode", "lambda:AddPermission"),
	borrowing("sagemaker-004", Notebook, "sagemaker:CreatePresignedNotebookInstanceUrl"),
	{id: "sagemaker-005", source: pathfinding + "sagemaker-005", kind: borrows, lender: Notebook,
		needs: []string{"sagemaker:CreateNotebookInstanceLifecycleConfig", "sagemaker:StopNotebookInstance",
			"sagemaker:UpdateNotebookInstance", "sagemaker:StartNotebookInstance"},
		beside: []string{"sagemaker:CreateNotebookInstanceLifecycleConfig"}},
	borrowing("ssm-001", Instance, "ssm:StartSession"),
	borrowing("ssm-002", Instance, "ssm:SendCommand"),
	published("sts-001", borrows, "sts:AssumeRole"),
	{id: "lambda-layer", source: rhino, kind: borrows, lender: Function, needs: []string{"lambda:UpdateFunctionConfiguration"}},
}
