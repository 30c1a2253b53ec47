package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

func TestLambdaFunctions(t *testing.T) {
	function := func(name string, tags map[string]string, doc LambdaFunction, unread ...posture.Unread) posture.Resource {
		doc.LogGroup = "/aws/lambda/" + name
		if name == "good" {
			doc.LogGroup, doc.LogGroupExists = "/aws/lambda/orders", true
		}
		return posture.Resource{ID: "arn:aws:lambda:us-east-1:111122223333:function:" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	good := LambdaFunction{Runtime: "python3.13", InVPC: true, Zones: 2, HasEnvironment: true, EnvironmentCMK: true, AsyncCallers: []string{"s3"}, KeepsFailures: true}
	bad := LambdaFunction{Runtime: "python3.8", InVPC: true, Zones: 1, HasEnvironment: true, CredentialInEnvironment: true, Public: true,
		PublicBy: []string{"statement 1: everybody is let in, and no condition ties them to known parties"}}
	image := function("image", nil, LambdaFunction{ContainerImage: true})
	tags := map[string]string{"owner": "shop"}
	goodOpen := good
	goodOpen.Public, goodOpen.PublicBy = true, []string{"statement 1 of the policy of live: everybody is let in without a condition"}
	goodSomewhere, badSomewhere, badSecretly := good, bad, bad
	goodSomewhere.Zones, badSomewhere.Zones, badSecretly.Public = 0, 0, false
	badSecretly.PublicBy = nil
	unzoned := refused("ec2:DescribeSubnets", "UnauthorizedOperation", "ec2:DescribeSubnets", "zones")
	ungrouped := refused("logs:DescribeLogGroups", "AccessDeniedException", "logs:DescribeLogGroups", "log_group_exists")
	testReading(t, "AWS::Lambda::Function", []readingTest{
		{name: "as they are", want: []posture.Resource{function("bad", nil, bad), function("good", tags, good), image}},
		{name: "subnets refused", sections: map[string]string{"ec2:DescribeSubnets error=UnauthorizedOperation": ""},
			want: []posture.Resource{function("bad", nil, badSomewhere, unzoned...), function("good", tags, goodSomewhere, unzoned...), image}},
		{name: "a subnet not listed", sections: map[string]string{"ec2:DescribeSubnets": "<subnetSet><item><subnetId>subnet-a</subnetId><availabilityZone>us-east-1a</availabilityZone></item></subnetSet>"},
			want: []posture.Resource{function("bad", nil, bad), function("good", tags, goodSomewhere, posture.Unread{Field: "zones", Cause: posture.Cause{Reason: posture.NotFound, Operation: "ec2:DescribeSubnets", Code: "a subnet"}}), image}},
		{name: "log groups broken off", sections: map[string]string{"logs:DescribeLogGroups nextToken=two error=AccessDeniedException": ""},
			want: []posture.Resource{function("bad", nil, bad, ungrouped...), function("good", tags, good), function("image", nil, LambdaFunction{ContainerImage: true}, ungrouped...)}},
		{name: "policy refused", sections: map[string]string{"lambda:GetPolicy FunctionName=bad error=AccessDeniedException status=403": ""},
			want: []posture.Resource{function("bad", nil, badSecretly, refused("lambda:GetPolicy", "AccessDeniedException", "lambda:GetPolicy", "async_callers", "public", "public_by")...), function("good", tags, good), image}},
		{name: "an alias for anybody", sections: map[string]string{"lambda:GetPolicy FunctionName=good Qualifier=live": `{"Policy":
			"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"arn:aws:lambda:us-east-1:111122223333:function:good:live\"}]}"}`},
			want: []posture.Resource{function("bad", nil, bad), function("good", tags, goodOpen), image}},
		{name: "aliases refused", sections: map[string]string{"lambda:ListAliases FunctionName=good error=AccessDeniedException status=403": ""},
			want: []posture.Resource{function("bad", nil, bad), function("good", tags, good, refused("lambda:ListAliases", "AccessDeniedException", "lambda:ListAliases", "public", "public_by")...), image}},
		{name: "versions refused", sections: map[string]string{"lambda:ListVersionsByFunction FunctionName=good error=AccessDeniedException status=403": ""},
			want: []posture.Resource{function("bad", nil, bad), function("good", tags, good, refused("lambda:ListVersionsByFunction", "AccessDeniedException", "lambda:ListVersionsByFunction", "public", "public_by")...), image}},
		{name: "a policy that is none", sections: map[string]string{"lambda:GetPolicy FunctionName=bad": `{"Policy": "{"}`},
			want: []posture.Resource{function("bad", nil, badSecretly, unclear("lambda:GetPolicy", "async_callers", "public", "public_by")...), function("good", tags, good), image}},
		{name: "tags refused", sections: map[string]string{"lambda:ListTags Resource=arn:aws:lambda:us-east-1:111122223333:function:good error=AccessDeniedException status=403": ""},
			want: []posture.Resource{function("bad", nil, bad), function("good", nil, good, refused("lambda:ListTags", "AccessDeniedException", "lambda:ListTags", "tags")...), image}},
		{name: "an environment that Lambda could not decrypt", sections: map[string]string{
			"lambda:ListFunctions": `{"Functions": [{"FunctionName": "image", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:image", "PackageType": "Image", "Role": "arn:aws:iam::111122223333:role/reader",
				"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}}]}`,
		}, want: []posture.Resource{function("image", nil, LambdaFunction{ContainerImage: true},
			lambdaSealed("has_environment"), lambdaSealed("credential_in_environment"))}},
		{name: "without a role", sections: map[string]string{
			"lambda:ListFunctions": `{"Functions": [{"FunctionName": "image", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:image", "PackageType": "Image"}]}`,
		}, want: []posture.Resource{function("image", nil, LambdaFunction{ContainerImage: true, LogGroup: "/aws/lambda/image"}, unsaid("lambda:ListFunctions", "lends_to")...)}},
		{name: "second page broken", sections: map[string]string{"lambda:ListFunctions Marker=two error=ServiceException status=500": ""},
			want: []posture.Resource{function("good", tags, good)}, cause: &posture.Cause{Reason: posture.Failed, Operation: "lambda:ListFunctions", Code: "ServiceException"}},
	})
}

// lambdaSealed returns the field as unread because Lambda could not decrypt the environment.
func lambdaSealed(field string) posture.Unread {
	return posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.Failed, Operation: "lambda:ListFunctions", Code: "AccessDeniedException"}}
}

// TestLambdaKeepsFailures: what counts is the destination of calls that name
// neither alias nor version.
func TestLambdaKeepsFailures(t *testing.T) {
	const op = "lambda:ListFunctionEventInvokeConfigs"
	config := func(qualifier, destination string) map[string]string {
		return map[string]string{op + " FunctionName=image": `{"FunctionEventInvokeConfigs": [{"FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:image:` + qualifier + `", "DestinationConfig": ` + destination + `}]}`}
	}
	for name, test := range map[string]struct {
		sections map[string]string
		want     bool
		unread   []posture.Unread
	}{
		"none":              {},
		"a topic":           {sections: config("$LATEST", `{"OnFailure": {"Destination": "arn:aws:sns:us-east-1:111122223333:failed"}}`), want: true},
		"on success":        {sections: config("$LATEST", `{"OnSuccess": {"Destination": "arn:aws:sns:us-east-1:111122223333:done"}}`)},
		"of an alias":       {sections: config("live", `{"OnFailure": {"Destination": "arn:aws:sns:us-east-1:111122223333:failed"}}`)},
		"refused":           {sections: map[string]string{op + " FunctionName=image error=AccessDeniedException status=403": ""}, unread: refused(op, "AccessDeniedException", op, "keeps_failures")},
		"deleted meanwhile": {sections: map[string]string{op + " FunctionName=image error=ResourceNotFoundException status=404": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::Lambda::Function").get(t, "image")
			if keeps := got.Doc.(*LambdaFunction).KeepsFailures; keeps != test.want {
				t.Errorf("keeps_failures = %v, want %v", keeps, test.want)
			}
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}
