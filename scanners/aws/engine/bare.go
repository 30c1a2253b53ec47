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
	"s3:GetBucketLogging":    "the bucket has no access logs",
	"s3:GetBucketVersioning": "the bucket never had versioning",
	"sqs:ListQueues":         "there is no queue",
	"sqs:ListQueueTags":      "the queue has no tags",
}

// sent holds members that an operation's answers have whatever they say. Where
// one is missing, the others cannot be taken for settings that are off. A name
// behind a dot is inside of the one before it.
var sent = map[string][]string{
	"iam:GetAccountPasswordPolicy":     {"PasswordPolicy.MinimumPasswordLength"}, // an account without a policy is answered NoSuchEntity
	"kms:GetKeyRotationStatus":         {"KeyRotationEnabled"},                   // also where it is off
	"s3:GetBucketAcl":                  {"Owner"},                                // the list of grants may be empty
	"s3:GetBucketEncryption":           {"ServerSideEncryptionConfiguration.Rules"},
	"s3:GetBucketOwnershipControls":    {"OwnershipControls.Rules"}, // a bucket without is answered OwnershipControlsNotFoundError
	"s3:GetPublicAccessBlock":          accessBlockFlags,
	"s3control:GetPublicAccessBlock":   accessBlockFlags,
	"secretsmanager:GetResourcePolicy": {"ARN"}, // a secret without a policy has no more than its names
	"securityhub:DescribeHub":          {"HubArn"},
	"sns:GetTopicAttributes":           {"Attributes.TopicArn"}, // attributes that are not set are left out
	"sqs:GetQueueAttributes":           {"Attributes.QueueArn"}, // so are a queue's
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

// isBare reports whether nothing is set in an output or a part of it. An empty
// list is something: it says that there is none.
func isBare(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer:
		return v.IsNil() || v.Elem().Kind() == reflect.Struct && isBare(v.Elem())
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() && field.Name != "ResultMetadata" && !isBare(value) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
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
	return v.IsValid() && !isBare(v)
}
