package services

import (
	"maps"
	"slices"
	"strings"
)

// auditKind is a kind of event that should set off an alarm.
type auditKind struct {
	field  string // of AuditAlarms
	set    *bool
	events []event // one of each event of the kind
}

// covered reports whether each event of the kind is matched by a pattern that
// does not match everyday events too: an alarm on those is no alarm.
func (k auditKind) covered(patterns []pattern) bool {
	everyday := sample("ec2.amazonaws.com", "DescribeInstances")
	for _, e := range k.events {
		if !slices.ContainsFunc(patterns, func(matches pattern) bool { return matches(e) && !matches(everyday) }) {
			return false
		}
	}
	return true
}

// auditKinds returns the kinds that the CIS AWS Foundations Benchmark names
// (v5.0, 4.1 to 4.15), each with the field of doc that it decides.
func auditKinds(doc *AuditAlarms) []auditKind {
	return []auditKind{
		{"unauthorized_api", &doc.UnauthorizedAPI, refusedCalls()},
		{"console_without_mfa", &doc.ConsoleWithoutMFA, []event{with(signIn("Success"), "additionalEventData.MFAUsed", "No")}},
		{"root_usage", &doc.RootUsage, []event{with(sample("iam.amazonaws.com", "CreateUser"), "userIdentity.type", "Root")}},
		{"iam_policy_changes", &doc.IAMPolicyChanges, samples("iam.amazonaws.com",
			`DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy
			CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy
			AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy`)},
		{"cloudtrail_changes", &doc.CloudTrailChanges, samples("cloudtrail.amazonaws.com",
			"CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging")},
		{"console_failures", &doc.ConsoleFailures, []event{with(signIn("Failure"), "errorMessage", "Failed authentication")}},
		{"kms_key_deletion", &doc.KMSKeyDeletion, samples("kms.amazonaws.com", "DisableKey ScheduleKeyDeletion")},
		{"bucket_policy_changes", &doc.BucketPolicyChanges, samples("s3.amazonaws.com",
			`PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication
			DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication`)},
		{"config_changes", &doc.ConfigChanges, samples("config.amazonaws.com",
			"StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder")},
		{"security_group_changes", &doc.SecurityGroupChanges, samples("ec2.amazonaws.com",
			`AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
			RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup`)},
		{"network_acl_changes", &doc.NetworkACLChanges, samples("ec2.amazonaws.com",
			`CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry
			ReplaceNetworkAclEntry ReplaceNetworkAclAssociation`)},
		{"gateway_changes", &doc.GatewayChanges, samples("ec2.amazonaws.com",
			`CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway
			DeleteInternetGateway DetachInternetGateway`)},
		{"route_changes", &doc.RouteChanges, samples("ec2.amazonaws.com",
			`CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable
			DeleteRoute DisassociateRouteTable`)},
		{"vpc_changes", &doc.VPCChanges, samples("ec2.amazonaws.com",
			`CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection
			DeleteVpcPeeringConnection RejectVpcPeeringConnection`)},
		{"organization_changes", &doc.OrganizationChanges, samples("organizations.amazonaws.com",
			`AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake
			DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType
			EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount
			RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit`)},
	}
}

// refusedCalls returns calls refused in the two ways that APIs refuse.
func refusedCalls() []event {
	return []event{
		with(sample("ec2.amazonaws.com", "RunInstances"), "errorCode", "Client.UnauthorizedOperation"),
		with(sample("dynamodb.amazonaws.com", "DeleteTable"), "errorCode", "AccessDenied"),
	}
}

// samples returns one event of a source per name.
func samples(source, names string) []event {
	var events []event
	for _, name := range strings.Fields(names) {
		events = append(events, sample(source, name))
	}
	return events
}

// sample returns an event as an IAM user's API call makes it.
func sample(source, name string) event {
	return event{
		"eventSource": source, "eventName": name, "eventType": "AwsApiCall", "eventCategory": "Management",
		"sourceIPAddress": "203.0.113.9", "userIdentity.type": "IAMUser", "awsRegion": "us-east-1", "managementEvent": "true",
	}
}

// signIn returns the event of a console sign-in with that outcome.
func signIn(outcome string) event {
	e := sample("signin.amazonaws.com", "ConsoleLogin")
	e["eventType"] = "AwsConsoleSignIn"
	e["responseElements.ConsoleLogin"] = outcome
	return e
}

// with returns the event with one more value.
func with(e event, path, value string) event {
	e = maps.Clone(e)
	e[path] = value
	return e
}
