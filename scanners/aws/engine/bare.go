package engine

import (
	"reflect"
	"slices"
	"strings"

	"posture/internal/posture"
)

var (
	errBareAnswer error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer says nothing"}
	errLacking    error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer lacks what the service always sends"}
)

// mayBeBare holds the operations whose answers may say nothing, and what that
// means. All others list something, if only that there is none of it, or
// describe something.
var mayBeBare = map[string]string{
	"bedrock:GetModelInvocationLoggingConfiguration": "nothing is logged",
	"s3:GetBucketLogging":                            "the bucket has no access logs",
	"s3:GetBucketVersioning":                         "the bucket never had versioning",
	"sqs:ListQueues":                                 "there is no queue",
	"sqs:ListQueueTags":                              "the queue has no tags",
}

// sent holds members that an operation's answers have whatever they say. Where
// one is missing, the others cannot be taken for settings that are off. A name
// behind a dot is inside of the one before it.
var sent = map[string][]string{
	"cognito-identity:DescribeIdentityPool": {"AllowUnauthenticatedIdentities"},
	"iam:GetAccountPasswordPolicy":          {"PasswordPolicy.MinimumPasswordLength"}, // an account without a policy is answered NoSuchEntity
	"kms:GetKeyRotationStatus":              {"KeyRotationEnabled"},                   // also where it is off
	"s3:GetBucketAcl":                       {"Owner"},                                // the list of grants may be empty
	"s3:GetBucketEncryption":                {"ServerSideEncryptionConfiguration.Rules"},
	"s3:GetBucketOwnershipControls":         {"OwnershipControls.Rules"}, // a bucket without is answered OwnershipControlsNotFoundError
	"s3:GetPublicAccessBlock":               accessBlockFlags,
	"s3control:GetPublicAccessBlock":        accessBlockFlags,
	"secretsmanager:GetResourcePolicy":      {"ARN"}, // a secret without a policy has no more than its names
	"securityhub:DescribeHub":               {"HubArn"},
	"sns:GetTopicAttributes":                {"Attributes.TopicArn"}, // attributes that are not set are left out
	"sqs:GetQueueAttributes":                {"Attributes.QueueArn"}, // so are a queue's
}

// accessBlockFlags are those of a block on public access.
var accessBlockFlags = []string{
	"PublicAccessBlockConfiguration.BlockPublicAcls", "PublicAccessBlockConfiguration.BlockPublicPolicy",
	"PublicAccessBlockConfiguration.IgnorePublicAcls", "PublicAccessBlockConfiguration.RestrictPublicBuckets",
}

// checkTells refuses an answer that says nothing, or lacks what the operation
// always answers. Members are the names that a JSON object has: where the output
// cannot tell a "no" from nothing, they do.
func checkTells(operation string, output any, members []string) error {
	_, may := mayBeBare[operation]
	if !may && len(members) == 0 && isBare(reflect.ValueOf(output)) {
		return errBareAnswer
	}
	for _, path := range sent[operation] {
		if !tells(reflect.ValueOf(output), strings.Split(path, ".")) && !slices.Contains(members, path) {
			return errLacking
		}
	}
	return nil
}

// isBare reports whether an output has no member, or only such in which there is
// nothing. An empty list is something: it says that there is none.
func isBare(output reflect.Value) bool {
	return isEmpty(output, func(member reflect.Value) bool { return isEmpty(member, reflect.Value.IsZero) })
}

// isEmpty reports whether a structure has only members that count as none. What
// is no structure is empty when it is not there.
func isEmpty(v reflect.Value, none func(reflect.Value) bool) bool {
	inner := reflect.Indirect(v)
	switch {
	case !inner.IsValid():
		return true
	case inner.Kind() != reflect.Struct:
		return v.IsZero()
	}
	for field, value := range inner.Fields() {
		if field.IsExported() && field.Name != "ResultMetadata" && !none(value) {
			return false
		}
	}
	return true
}

// tells reports whether an output has the member.
func tells(v reflect.Value, path []string) bool {
	for _, name := range path {
		switch v = reflect.Indirect(v); v.Kind() {
		case reflect.Struct:
			v = v.FieldByName(name)
		case reflect.Map:
			v = v.MapIndex(reflect.ValueOf(name))
		default:
			return false
		}
	}
	return !isEmpty(v, reflect.Value.IsZero)
}
