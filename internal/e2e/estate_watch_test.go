package e2e

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guardtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
)

func (b *builder) logs() *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(b.cfg) }

// auditGroup is the log group that the good trail delivers to.
const auditGroup = "good-audit"

// logGroups makes log groups.
func (b *builder) logGroups(key string) {
	client := b.logs()
	b.ok(client.CreateLogGroup(b.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new(auditGroup), KmsKeyId: &key}))
	b.ok(client.PutRetentionPolicy(b.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: new(auditGroup), RetentionInDays: new(int32(400))}))
	b.ok(client.CreateLogGroup(b.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new("/aws/lambda/good-function")}))
	b.ok(client.CreateLogGroup(b.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new("bad-group")}))
	b.ok(client.PutRetentionPolicy(b.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: new("bad-group"), RetentionInDays: new(int32(7))}))
	for name, text := range map[string]string{
		"good-writers": policy(statement{
			"Effect": "Allow", "Principal": map[string]string{"Service": "delivery.logs.amazonaws.com"},
			"Action": "logs:PutLogEvents", "Resource": "*", "Condition": map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": own}},
		}),
		"bad-readers": policy(allow("*", "logs:GetLogEvents", "*")),
	} {
		b.ok(client.PutResourcePolicy(b.ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: &text}))
	}
}

// trails makes one trail as it should be, which starts to log only in the
// second state of the estate, and one of a single region.
func (b *builder) trails(key string) {
	client := cloudtrail.NewFromConfig(b.cfg)
	b.ok(client.CreateTrail(b.ctx, &cloudtrail.CreateTrailInput{
		Name: new("good-trail"), S3BucketName: new("good-trails"), IsMultiRegionTrail: new(true), IncludeGlobalServiceEvents: new(true),
		EnableLogFileValidation: new(true), KmsKeyId: &key,
		CloudWatchLogsLogGroupArn: new("arn:aws:logs:us-east-1:" + own + ":log-group:" + auditGroup + ":*"),
		CloudWatchLogsRoleArn:     new("arn:aws:iam::" + own + ":role/good-role"),
	}))
	b.ok(client.CreateTrail(b.ctx, &cloudtrail.CreateTrailInput{Name: new("bad-trail"), S3BucketName: new("bad-trails"), IsMultiRegionTrail: new(false)}))
	b.ok(client.StartLogging(b.ctx, &cloudtrail.StartLoggingInput{Name: new("bad-trail")}))
	b.ok(client.PutEventSelectors(b.ctx, &cloudtrail.PutEventSelectorsInput{TrailName: new("good-trail"), EventSelectors: []trailtypes.EventSelector{{
		ReadWriteType: trailtypes.ReadWriteTypeAll, IncludeManagementEvents: new(true),
		DataResources: []trailtypes.DataResource{
			{Type: new("AWS::S3::Object"), Values: []string{"arn:aws:s3"}},
			{Type: new("AWS::Lambda::Function"), Values: []string{"arn:aws:lambda"}},
		}}}}))
}

// detectors switches AWS Config, GuardDuty and Security Hub on in us-east-1
// as they should be, in eu-west-1 in part.
func (b *builder) detectors() {
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		b.in(region).detector(region == "us-east-1")
	}
	b.ok(securityhub.NewFromConfig(b.cfg).EnableSecurityHub(b.ctx, &securityhub.EnableSecurityHubInput{EnableDefaultStandards: new(true)}))
}

func (b *builder) detector(whole bool) {
	config := configservice.NewFromConfig(b.cfg)
	b.ok(config.PutConfigurationRecorder(b.ctx, &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &configtypes.ConfigurationRecorder{
		Name: new("default"), RoleARN: new("arn:aws:iam::" + own + ":role/good-role"),
		RecordingGroup: &configtypes.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: whole},
	}}))
	b.ok(config.PutDeliveryChannel(b.ctx, &configservice.PutDeliveryChannelInput{
		DeliveryChannel: &configtypes.DeliveryChannel{Name: new("default"), S3BucketName: new("good-data")}}))
	if whole {
		b.ok(config.StartConfigurationRecorder(b.ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: new("default")}))
	}
	var features []guardtypes.DetectorFeatureConfiguration
	for _, name := range []guardtypes.DetectorFeature{
		"S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", "RUNTIME_MONITORING",
	} {
		status := guardtypes.FeatureStatusDisabled
		if whole || name == "S3_DATA_EVENTS" {
			status = guardtypes.FeatureStatusEnabled
		}
		features = append(features, guardtypes.DetectorFeatureConfiguration{Name: name, Status: status})
	}
	out, err := guardduty.NewFromConfig(b.cfg).CreateDetector(b.ctx, &guardduty.CreateDetectorInput{Enable: new(true), Features: features})
	b.need(err)
	b.names["detector "+b.cfg.Region] = aws.ToString(out.DetectorId)
}

// auditFilters makes a metric filter for every kind of event that the rules
// on alarms ask for. The alarms on them are recorded answers.
func (b *builder) auditFilters() {
	for name, pattern := range auditPatterns {
		b.ok(b.logs().PutMetricFilter(b.ctx, &cloudwatchlogs.PutMetricFilterInput{
			LogGroupName: new(auditGroup), FilterName: &name, FilterPattern: &pattern,
			MetricTransformations: []logtypes.MetricTransformation{{MetricNamespace: new("Audit"), MetricName: &name, MetricValue: new("1")}},
		}))
	}
}

// auditPatterns holds the patterns that the CIS AWS Foundations Benchmark
// gives, by the name of their metric.
var auditPatterns = map[string]string{
	"RefusedCalls":  `{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`,
	"SignInNoMFA":   `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }`,
	"SignInFailed":  `{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`,
	"Root":          `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`,
	"IAM":           anyEvent("DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy"),
	"Trails":        anyEvent("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
	"Keys":          anyEvent("DisableKey ScheduleKeyDeletion"),
	"Buckets":       anyEvent("PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication"),
	"Recorder":      anyEvent("StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder"),
	"Groups":        anyEvent("AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup"),
	"NetworkACLs":   anyEvent("CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry ReplaceNetworkAclAssociation"),
	"Gateways":      anyEvent("CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway DetachInternetGateway"),
	"Routes":        anyEvent("CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable"),
	"VPCs":          anyEvent("CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection DeleteVpcPeeringConnection RejectVpcPeeringConnection"),
	"Organizations": anyEvent("AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit"),
}
