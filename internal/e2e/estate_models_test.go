package e2e

import (
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	appsynctypes "github.com/aws/aws-sdk-go-v2/service/appsync/types"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	bedrocktypes "github.com/aws/aws-sdk-go-v2/service/bedrock/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

func roleOf(name string) *string { return new("arn:aws:iam::" + own + ":role/" + name) }

// jobs makes what Glue runs, with the catalog of each region.
func (b *builder) jobs(key string) {
	client := glue.NewFromConfig(b.cfg)
	b.ok(client.CreateSecurityConfiguration(b.ctx, &glue.CreateSecurityConfigurationInput{Name: new("strict"), EncryptionConfiguration: &gluetypes.EncryptionConfiguration{
		S3Encryption:           []gluetypes.S3Encryption{{S3EncryptionMode: gluetypes.S3EncryptionModeSsekms, KmsKeyArn: &key}},
		CloudWatchEncryption:   &gluetypes.CloudWatchEncryption{CloudWatchEncryptionMode: gluetypes.CloudWatchEncryptionModeSsekms, KmsKeyArn: &key},
		JobBookmarksEncryption: &gluetypes.JobBookmarksEncryption{JobBookmarksEncryptionMode: gluetypes.JobBookmarksEncryptionModeCsekms, KmsKeyArn: &key},
	}}))
	command := &gluetypes.JobCommand{Name: new("glueetl"), ScriptLocation: new("s3://good-data/job.py")}
	b.ok(client.CreateJob(b.ctx, &glue.CreateJobInput{Name: new("good-job"), Role: new("good-role"), Command: command, GlueVersion: new("4.0"),
		SecurityConfiguration: new("strict"), DefaultArguments: map[string]string{"--enable-continuous-cloudwatch-log": "true"}}))
	b.ok(client.CreateJob(b.ctx, &glue.CreateJobInput{Name: new("bad-job"), Role: new("bad-lent"), Command: command, GlueVersion: new("4.0")}))
	b.ok(client.CreateDevEndpoint(b.ctx, &glue.CreateDevEndpointInput{EndpointName: new("good-endpoint"), RoleArn: roleOf("good-role")}))
	b.ok(client.CreateDevEndpoint(b.ctx, &glue.CreateDevEndpointInput{EndpointName: new("bad-endpoint"), RoleArn: roleOf("bad-lent")}))
	b.ok(client.PutDataCatalogEncryptionSettings(b.ctx, &glue.PutDataCatalogEncryptionSettingsInput{DataCatalogEncryptionSettings: &gluetypes.DataCatalogEncryptionSettings{
		EncryptionAtRest:             &gluetypes.EncryptionAtRest{CatalogEncryptionMode: gluetypes.CatalogEncryptionModeSsekms, SseAwsKmsKeyId: &key},
		ConnectionPasswordEncryption: &gluetypes.ConnectionPasswordEncryption{ReturnConnectionPasswordEncrypted: true, AwsKmsKeyId: &key},
	}}))
}

// models makes notebooks, and the log of what models are asked.
func (b *builder) models(key string) {
	client := sagemaker.NewFromConfig(b.cfg)
	b.ok(client.CreateNotebookInstance(b.ctx, &sagemaker.CreateNotebookInstanceInput{NotebookInstanceName: new("good-notebook"), InstanceType: sagemakertypes.InstanceTypeMlT3Xlarge, RoleArn: roleOf("good-role"),
		KmsKeyId: &key, SubnetId: new("subnet-1"), DirectInternetAccess: sagemakertypes.DirectInternetAccessDisabled, RootAccess: sagemakertypes.RootAccessDisabled}))
	b.ok(client.CreateNotebookInstance(b.ctx, &sagemaker.CreateNotebookInstanceInput{NotebookInstanceName: new("bad-notebook"), InstanceType: sagemakertypes.InstanceTypeMlT3Xlarge, RoleArn: roleOf("bad-lent"),
		DirectInternetAccess: sagemakertypes.DirectInternetAccessEnabled, RootAccess: sagemakertypes.RootAccessEnabled}))
	b.ok(bedrock.NewFromConfig(b.cfg).PutModelInvocationLoggingConfiguration(b.ctx, &bedrock.PutModelInvocationLoggingConfigurationInput{
		LoggingConfig: &bedrocktypes.LoggingConfig{CloudWatchConfig: &bedrocktypes.CloudWatchConfig{LogGroupName: new("models"), RoleArn: roleOf("good-role")}}}))
}

// queries makes workgroups of Athena and APIs of AppSync.
func (b *builder) queries() {
	client := athena.NewFromConfig(b.cfg)
	b.ok(client.CreateWorkGroup(b.ctx, &athena.CreateWorkGroupInput{Name: new("good-workgroup"), Configuration: &athenatypes.WorkGroupConfiguration{
		EnforceWorkGroupConfiguration: new(true), PublishCloudWatchMetricsEnabled: new(true),
		ResultConfiguration: &athenatypes.ResultConfiguration{OutputLocation: new("s3://good-data/results/"), EncryptionConfiguration: &athenatypes.EncryptionConfiguration{EncryptionOption: athenatypes.EncryptionOptionSseS3}},
	}}))
	b.ok(client.CreateWorkGroup(b.ctx, &athena.CreateWorkGroupInput{Name: new("bad-workgroup"), Configuration: &athenatypes.WorkGroupConfiguration{}}))
	apis := appsync.NewFromConfig(b.cfg)
	b.ok(apis.CreateGraphqlApi(b.ctx, &appsync.CreateGraphqlApiInput{Name: new("good-api"), AuthenticationType: appsynctypes.AuthenticationTypeAwsIam,
		LogConfig: &appsynctypes.LogConfig{FieldLogLevel: appsynctypes.FieldLogLevelError, CloudWatchLogsRoleArn: roleOf("good-role")}}))
	b.ok(apis.CreateGraphqlApi(b.ctx, &appsync.CreateGraphqlApiInput{Name: new("bad-api"), AuthenticationType: appsynctypes.AuthenticationTypeAwsIam}))
}

// pools makes those of Cognito.
func (b *builder) pools() {
	users := cognitoidentityprovider.NewFromConfig(b.cfg)
	b.ok(users.CreateUserPool(b.ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: new("good-users"), MfaConfiguration: idptypes.UserPoolMfaTypeOn}))
	b.ok(users.CreateUserPool(b.ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: new("bad-users"), MfaConfiguration: idptypes.UserPoolMfaTypeOff}))
	identities := cognitoidentity.NewFromConfig(b.cfg)
	b.ok(identities.CreateIdentityPool(b.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: new("good-identities")}))
	b.ok(identities.CreateIdentityPool(b.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: new("bad-identities"), AllowUnauthenticatedIdentities: true}))
}
