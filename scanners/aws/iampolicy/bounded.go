package iampolicy

import (
	"slices"
	"strings"
)

// bounded holds the prefixes of the services whose resources resource control
// policies bound, and no others do: the list of AWS, as of 2026-11
// (organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services).
// Domains of OpenSearch are not among them: their actions begin with "es".
var bounded = strings.Fields(`
	aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch
	cloudtrail-data codeartifact codebuild codecommit codepipeline cognito-identity cognito-idp comprehend
	comprehendmedical compute-optimizer cost-optimization-hub dax dsql dynamodb ecr ecr-public events firehose
	fis fms gamelift health inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications
	opensearch pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3 secretsmanager
	servicediscovery signin sqs sts support swf textract timestream-influxdb transcribe transfer translate
	wafv2 workspaces xray`)

// unbounded holds the actions of those services that no such policy bounds
// (#actions-not-restricted-by-rcps of the same page).
var unbounded = []string{"kms:retiregrant"}

// Bounded reports whether resource control policies bound resources of the
// service, given as the prefix of its actions.
func Bounded(service string) bool { return slices.Contains(bounded, service) }

// guards returns the denies of the resource control policies that hold for what
// is asked.
func (a Ask) guards() []denial {
	if !Bounded(a.Service) {
		return nil
	}
	var list []denial
	for _, guard := range a.Guards {
		list = append(list, guard.denials()...)
	}
	return list
}

// Closed reports whether the guards keep out everybody but named parties and
// services, whatever policies and ACLs of the resource say.
func Closed(ask Ask) bool {
	everybody := statement{allow: true, principal: []name{{"*", "*"}}, action: []string{strings.ToLower(ask.Service) + ":*"}}
	return Access(Document{statements: []statement{everybody}}, ask).Guarded
}

// guarded returns the document with those denies.
func (d Document) guarded(ask Ask) Document {
	all := Document{statements: slices.Clone(d.statements)}
	for _, guard := range ask.guards() {
		all.statements = append(all.statements, guard.statement)
	}
	return all
}
