package iampolicy

import "strings"

// meaning is what the value of a condition key tells of a request.
type meaning int

const (
	nothing        meaning = iota // no tie to known parties: the caller chooses it, or it is about the resource
	anAccount                     // id of an account
	anOrganization                // id of an organization
	aPath                         // path in an organization, which begins with its id
	anARN                         // ARN, which names an account
	anAddress                     // network address
	aNetwork                      // id of a VPC
	anEndpoint                    // id of a VPC endpoint
	aUserID                       // unique id of a principal
	aService                      // "true": an AWS service asks, for whomever
	aServiceName                  // which AWS service asks, for whomever
	aPrincipalType                // what kind of principal asks
	aMountTarget                  // "true": through a mount target in a VPC of the file system's
	anAuthType                    // NONE, or AWS_IAM: only who has an account
	aToken                        // secret that was agreed with a service
	anExternalID                  // secret that was agreed with another account
	anMFA                         // "true": the caller has shown a second factor
	anMFAAge                      // seconds since it was shown
	aContext                      // ARN that a service sends with a request to KMS; others may send what they like
)

// key is what is known of a condition key.
type key struct {
	name    string // lower case; one that ends in "/" or ":" stands for all that begin so
	meaning meaning
	where   bool   // it tells which way a request comes, not whose it is
	signed  bool   // only requests that somebody's account signed have it
	doc     string // page under docs.aws.amazon.com that says so
}

const (
	globalKeys = "IAM/latest/UserGuide/reference_policies_condition-keys.html"
	s3Keys     = "AmazonS3/latest/userguide/access-control-block-public-access.html"
	kmsKeys    = "kms/latest/developerguide/conditions-kms.html"
	efsKeys    = "efs/latest/ug/iam-access-control-nfs-efs.html"
	lambdaKeys = "lambda/latest/dg/urls-auth.html"
	alexaKeys  = "service-authorization/latest/reference/list_awslambda.html"
	stsKeys    = "IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"
	deputy     = "IAM/latest/UserGuide/confused-deputy.html"
)

// keys holds what condition keys tell of who asks. Keys of services that are
// in reference_data.go and not here tell nothing of that; a key that is in
// neither is not known.
var keys = []key{
	{name: "aws:principalaccount", meaning: anAccount, signed: true, doc: globalKeys + "#condition-keys-principalaccount"},
	{name: "aws:principalarn", meaning: anARN, signed: true, doc: globalKeys + "#condition-keys-principalarn"},
	{name: "aws:principalorgid", meaning: anOrganization, signed: true, doc: globalKeys + "#condition-keys-principalorgid"},
	{name: "aws:principalorgpaths", meaning: aPath, signed: true, doc: globalKeys + "#condition-keys-principalorgpaths"},
	{name: "aws:principaltype", meaning: aPrincipalType, doc: globalKeys + "#condition-keys-principaltype"},
	{name: "aws:principalisawsservice", meaning: aService, doc: globalKeys + "#condition-keys-principalisawsservice"},
	{name: "aws:principalservicename", meaning: aServiceName, doc: globalKeys + "#condition-keys-principalservicename"},
	{name: "aws:principalservicenameslist", meaning: aServiceName, doc: globalKeys + "#condition-keys-principalservicenameslist"},
	{name: "aws:principaltag/", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-principal-tag"},
	{name: "aws:userid", meaning: aUserID, doc: globalKeys + "#condition-keys-userid"},
	{name: "aws:username", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-username"},
	{name: "aws:federatedprovider", meaning: nothing, doc: globalKeys + "#condition-keys-federatedprovider"},
	{name: "aws:tokenissuetime", meaning: nothing, doc: globalKeys + "#condition-keys-tokenissuetime"},
	{name: "aws:sourceidentity", meaning: nothing, doc: globalKeys + "#condition-keys-sourceidentity"},
	{name: "aws:assumedroot", meaning: nothing, doc: globalKeys + "#condition-keys-assumedroot"},
	{name: "aws:chatbotsourcearn", meaning: anARN, doc: globalKeys + "#condition-keys-chatbotsourcearn"},
	{name: "aws:multifactorauthpresent", meaning: anMFA, doc: globalKeys + "#condition-keys-multifactorauthpresent"},
	{name: "aws:multifactorauthage", meaning: anMFAAge, doc: globalKeys + "#condition-keys-multifactorauthage"},
	{name: "aws:ec2instancesourcevpc", meaning: aNetwork, signed: true, doc: globalKeys + "#condition-keys-ec2instancesourcevpc"},
	{name: "aws:ec2instancesourceprivateipv4", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-ec2instancesourceprivateip4"},
	{name: "ec2:sourceinstancearn", meaning: anARN, signed: true, doc: globalKeys + "#condition-keys-ec2-source-instance-arn"},
	{name: "lambda:sourcefunctionarn", meaning: anARN, signed: true, doc: globalKeys + "#condition-keys-lambda-source-function-arn"},
	{name: "ssm:sourceinstancearn", meaning: anARN, signed: true, doc: globalKeys + "#condition-keys-ssm-source-instance-arn"},
	{name: "ec2:roledelivery", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-ec2-role-delivery"},
	{name: "glue:roleassumedby", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-glue-role-assumed-by"},
	{name: "glue:credentialissuingservice", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-glue-credential-issuing"},
	{name: "identitystore:userid", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-identity-store-user-id"},
	{name: "codebuild:buildarn", meaning: anARN, signed: true, doc: globalKeys},
	{name: "codebuild:projectarn", meaning: anARN, signed: true, doc: globalKeys},

	{name: "aws:sourceaccount", meaning: anAccount, doc: globalKeys + "#condition-keys-sourceaccount"},
	{name: "aws:sourceowner", meaning: anAccount, doc: "sns/latest/dg/sns-access-policy-use-cases.html"},
	{name: "aws:sourcearn", meaning: anARN, doc: globalKeys + "#condition-keys-sourcearn"},
	{name: "aws:sourceorgid", meaning: anOrganization, doc: globalKeys + "#condition-keys-sourceorgid"},
	{name: "aws:sourceorgpaths", meaning: aPath, doc: globalKeys + "#condition-keys-sourceorgpaths"},

	{name: "aws:sourceip", meaning: anAddress, where: true, doc: globalKeys + "#condition-keys-sourceip"},
	{name: "aws:vpcsourceip", meaning: nothing, where: true, doc: globalKeys + "#condition-keys-vpcsourceip"}, // everybody numbers an own VPC
	{name: "aws:sourcevpc", meaning: aNetwork, where: true, doc: globalKeys + "#condition-keys-sourcevpc"},
	{name: "aws:sourcevpcarn", meaning: anARN, where: true, doc: globalKeys + "#condition-keys-sourcevpcarn"},
	{name: "aws:sourcevpce", meaning: anEndpoint, where: true, doc: globalKeys + "#condition-keys-sourcevpce"},
	{name: "aws:vpceaccount", meaning: anAccount, where: true, doc: globalKeys + "#condition-keys-vpceaccount"},
	{name: "aws:vpceorgid", meaning: anOrganization, where: true, doc: globalKeys + "#condition-keys-vpceorgid"},
	{name: "aws:vpceorgpaths", meaning: aPath, where: true, doc: globalKeys + "#condition-keys-vpceorgpaths"},

	{name: "aws:calledvia", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-calledvia"},
	{name: "aws:calledviafirst", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-calledviafirst"},
	{name: "aws:calledvialast", meaning: nothing, signed: true, doc: globalKeys + "#condition-keys-calledvialast"},
	{name: "aws:viaawsservice", meaning: nothing, doc: globalKeys + "#condition-keys-viaawsservice"},
	{name: "aws:securetransport", meaning: nothing, doc: globalKeys + "#condition-keys-securetransport"},
	{name: "aws:currenttime", meaning: nothing, doc: globalKeys + "#condition-keys-currenttime"},
	{name: "aws:epochtime", meaning: nothing, doc: globalKeys + "#condition-keys-epochtime"},
	{name: "aws:referer", meaning: nothing, doc: globalKeys + "#condition-keys-referer"},
	{name: "aws:useragent", meaning: nothing, doc: globalKeys + "#condition-keys-useragent"},
	{name: "aws:requestedregion", meaning: nothing, doc: globalKeys + "#condition-keys-requestedregion"},
	{name: "aws:requesttag/", meaning: nothing, doc: globalKeys + "#condition-keys-requesttag"},
	{name: "aws:tagkeys", meaning: nothing, doc: globalKeys + "#condition-keys-tagkeys"},
	{name: "aws:resourcetag/", meaning: nothing, doc: globalKeys + "#condition-keys-resourcetag"},
	{name: "aws:resourceaccount", meaning: nothing, doc: globalKeys + "#condition-keys-resourceaccount"},
	{name: "aws:resourceorgid", meaning: nothing, doc: globalKeys + "#condition-keys-resourceorgid"},
	{name: "aws:resourceorgpaths", meaning: nothing, doc: globalKeys + "#condition-keys-resourceorgpaths"},

	{name: "s3:dataaccesspointaccount", meaning: anAccount, where: true, doc: s3Keys},
	{name: "s3:dataaccesspointarn", meaning: anARN, where: true, doc: s3Keys},
	{name: "s3:x-amz-server-side-encryption-aws-kms-key-id", meaning: anARN, where: true, doc: s3Keys},
	{name: "kms:calleraccount", meaning: anAccount, signed: true, doc: kmsKeys + "#conditions-kms-caller-account"},
	{name: "kms:encryptioncontext:", meaning: aContext, doc: kmsKeys + "#conditions-kms-encryption-context"},
	{name: "elasticfilesystem:accessedviamounttarget", meaning: aMountTarget, where: true, doc: efsKeys},
	{name: "lambda:functionurlauthtype", meaning: anAuthType, doc: lambdaKeys},
	{name: "lambda:eventsourcetoken", meaning: aToken, doc: alexaKeys},
	{name: "sts:externalid", meaning: anExternalID, doc: stsKeys + "#condition-keys-sts"},
}

// keyed returns what is known of a condition key, false if nothing is.
func keyed(name string) (key, bool) {
	for _, k := range keys {
		prefix := strings.HasSuffix(k.name, "/") || strings.HasSuffix(k.name, ":")
		if k.name == name || prefix && strings.HasPrefix(name, k.name) {
			return k, true
		}
	}
	return key{name: name}, knownKey(name)
}
