package services

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// IAMGrants is what rules may ask of what an identity policy grants.
type IAMGrants struct {
	Everything     bool     `json:"everything"`       // a statement allows all actions on all resources, or all of IAM and with it the rest
	WholeServices  []string `json:"whole_services"`   // services whose every action is allowed on all resources, unconditionally
	DecryptsAnyKey bool     `json:"decrypts_any_key"` // kms:Decrypt or kms:ReEncryptFrom is allowed on every key of a region, unconditionally
	StopsAuditing  []string `json:"stops_auditing"`   // actions that are allowed and stop or delete CloudTrail, Config or GuardDuty
	Escalates      []string `json:"escalates"`        // allowed combinations by which the holder can give itself more
}

// grantsOf matches a policy document.
func grantsOf(policy policyDocument, account string) IAMGrants {
	return IAMGrants{
		Everything:     policy.allowsEverything(),
		WholeServices:  policy.wholeServices(),
		DecryptsAnyKey: policy.decryptsAnyKey(account),
		StopsAuditing:  policy.granted(stoppingAudit, false),
		Escalates:      policy.escalations(),
	}
}

// allowsEverything reports whether a statement allows all actions on all
// resources. Conditions do not count: whoever meets them is an administrator.
// Nor does a list of exceptions that leaves IAM whole.
func (d policyDocument) allowsEverything() bool {
	return slices.ContainsFunc(d.Statements, func(s statement) bool {
		if !s.Allow || !s.onEverything() {
			return false
		}
		if len(s.NotAction) > 0 {
			return !slices.ContainsFunc(s.NotAction, func(pattern string) bool {
				service, _, _ := strings.Cut(pattern, ":")
				return glob(service, "iam")
			})
		}
		return matchesAny(s.Action, "\x00:\x00") && matchesAny(s.Action, "\x00\x00:\x00\x00")
	})
}

// onEverything reports whether the statement is about all resources, or about
// all but some.
func (s statement) onEverything() bool {
	return len(s.NotResource) > 0 || slices.ContainsFunc(s.Resource, func(pattern string) bool {
		return slices.ContainsFunc([]string{"aws", "aws-cn", "aws-us-gov"}, func(partition string) bool {
			return glob(pattern, "arn:"+partition+":\x00:\x00:\x00:\x00\x00") && glob(pattern, "arn:"+partition+":\x00:::\x00")
		})
	})
}

// wholeServices returns the services that a statement hands over whole, sorted.
func (d policyDocument) wholeServices() []string {
	var services []string
	for _, s := range d.Statements {
		if !s.Allow || !s.onEverything() || len(s.Condition) > 0 {
			continue
		}
		for _, pattern := range s.Action {
			service, actions, _ := strings.Cut(pattern, ":")
			if !strings.ContainsAny(service, "*?") && coversAll(texts{actions}, "") {
				services = append(services, service)
			}
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// decryptsAnyKey reports whether the policy allows to decrypt with every key
// of the account in some region.
func (d policyDocument) decryptsAnyKey(account string) bool {
	return slices.ContainsFunc(d.Statements, func(s statement) bool {
		return s.Allow && len(s.Condition) == 0 && s.grants("kms:decrypt", "kms:reencryptfrom") &&
			(s.onEverything() || slices.ContainsFunc(s.Resource, func(pattern string) bool { return anyKey(pattern, account) }))
	})
}

// anyKey reports whether the pattern matches every key of an account in at
// least one region.
func anyKey(pattern, account string) bool {
	parsed, err := arn.Parse(pattern)
	return err == nil && glob(parsed.Service, "kms") && glob(parsed.AccountID, account) && glob(parsed.Resource, "key/\x00\x00")
}

// stoppingAudit holds the actions after which an account is no longer watched.
var stoppingAudit = []string{
	"cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
	"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
	"guardduty:DeleteDetector", "guardduty:UpdateDetector",
}

// granted returns which of the actions the policy allows and does not itself
// deny everywhere; where everywhere is set, allows on all resources and
// unconditionally.
func (d policyDocument) granted(actions []string, everywhere bool) []string {
	var granted []string
	for _, action := range actions {
		if d.allows(action, everywhere) {
			granted = append(granted, action)
		}
	}
	return granted
}

func (d policyDocument) allows(action string, everywhere bool) bool {
	action = strings.ToLower(action)
	allowed := false
	for _, s := range d.Statements {
		whole := s.onEverything() && len(s.Condition) == 0
		switch {
		case !s.grants(action):
		case !s.Allow && whole:
			return false
		case s.Allow && (whole || !everywhere):
			allowed = true
		}
	}
	return allowed
}

// escalating holds the sets of actions each of which, allowed on all
// resources, lets its holder take what it was not given.
var escalating = [][]string{
	{"iam:AddUserToGroup"}, {"iam:AttachGroupPolicy"}, {"iam:AttachRolePolicy"}, {"iam:AttachUserPolicy"},
	{"iam:CreateAccessKey"}, {"iam:CreateLoginProfile"}, {"iam:CreatePolicyVersion"},
	{"iam:PutGroupPolicy"}, {"iam:PutRolePolicy"}, {"iam:PutUserPolicy"},
	{"iam:SetDefaultPolicyVersion"}, {"iam:UpdateAssumeRolePolicy"}, {"iam:UpdateLoginProfile"},
	{"iam:PassRole", "cloudformation:CreateStack"},
	{"iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"},
	{"iam:PassRole", "ec2:RunInstances"},
	{"iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"},
	{"iam:PassRole", "glue:CreateDevEndpoint"},
	{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"},
	{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"},
	{"iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"},
}

// escalations returns the sets of escalating that the policy allows whole.
func (d policyDocument) escalations() []string {
	var found []string
	for _, set := range escalating {
		if len(d.granted(set, true)) == len(set) {
			found = append(found, strings.Join(set, " and "))
		}
	}
	return found
}
