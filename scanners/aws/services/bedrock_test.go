package services

import (
	"testing"

	"posture/internal/posture"
)

func TestBedrockInvocationLogging(t *testing.T) {
	region := func(doc BedrockInvocationLogging, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:bedrock:us-east-1:111122223333:model-invocation-logging", Name: "Bedrock in us-east-1", Doc: &doc, Unread: unread}}
	}
	const get = "bedrock:GetModelInvocationLoggingConfiguration"
	testReading(t, "AWS::Bedrock::ModelInvocationLogging", []readingTest{
		{name: "logged to a bucket", want: region(BedrockInvocationLogging{Invoked: true, Logged: true})},
		{name: "logged to CloudWatch", sections: map[string]string{get: `{"loggingConfig": {"cloudWatchConfig": {"logGroupName": "models", "roleArn": "arn:aws:iam::111122223333:role/models"}}}`},
			want: region(BedrockInvocationLogging{Invoked: true, Logged: true})},
		{name: "not logged", sections: map[string]string{get: `{}`}, want: region(BedrockInvocationLogging{Invoked: true})},
		{name: "logged nowhere", sections: map[string]string{get: `{"loggingConfig": {"textDataDeliveryEnabled": true}}`}, want: region(BedrockInvocationLogging{Invoked: true})},
		{name: "nobody invokes a model, and Bedrock is not asked", sections: map[string]string{"cloudwatch:ListMetrics": `{"Metrics": []}`, get + " error=InternalServerException status=500": ""},
			want: region(BedrockInvocationLogging{})},
		{name: "refused", sections: map[string]string{get + " error=AccessDeniedException status=403": ""},
			want: region(BedrockInvocationLogging{Invoked: true}, refused(get, "AccessDeniedException", get, "logged")...)},
		{name: "metrics refused", sections: map[string]string{"cloudwatch:ListMetrics error=AccessDenied status=403": ""},
			want: region(BedrockInvocationLogging{}, refused("cloudwatch:ListMetrics", "AccessDenied", "cloudwatch:ListMetrics", "invoked", "logged")...)},
	})
}
