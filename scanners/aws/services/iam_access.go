package services

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// grantFields are the fields that all the policies of a user, group or role
// are needed for.
var grantFields = []string{"administrator", "administrator_by", "escalates"}

// administratorFields are those of them that say whether everything is allowed.
var administratorFields = []string{"administrator", "administrator_by"}

// grantCalls returns the calls that read policies which AWS provides. They are
// in no listing that has their documents.
func grantCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "iam:GetPolicy", For: grantFields},
		{Op: "iam:GetPolicyVersion", For: grantFields},
	}
}

// iamDocument is the document of a policy, or why it is not known.
type iamDocument struct {
	doc iampolicy.Document
	err error
}

// iamAccess is what may be asked of who may do what in an account.
type iamAccess struct {
	iamDetails
	listErr error
	gapErr  error  // why policies of AWS are missing in managed
	guards  guards // of the organization, on whatever no service of AWS made
	graph   func() iamRoleGraph
	managed map[string]iamDocument // by ARN: the customer's policies, and those of AWS that somebody has

	allHolders func() []iamHolder // users and roles with their policies
}

// readIAMAccess reads the details and the policies of AWS that somebody has,
// once per account. What was not read is in listErr, gapErr and each document.
func readIAMAccess(ctx context.Context, p *engine.Place) iamAccess {
	access, err := engine.Once(p.Home(), "IAM access", func() (iamAccess, error) {
		details, err := readIAMDetails(ctx, p)
		a := iamAccess{iamDetails: details, listErr: err, guards: readGuards(ctx, p), managed: map[string]iamDocument{}}
		for _, policy := range details.Policies {
			doc, err := parseGrants(defaultVersion(policy))
			a.managed[aws.ToString(policy.Arn)] = iamDocument{doc, err}
		}
		a.gapErr = a.readProvided(ctx, p.Home())
		a.graph = a.roleGraph(accountOf(p))
		a.allHolders = a.holders(accountOf(p))
		return a, nil
	})
	if err != nil {
		return unreadAccess(err)
	}
	return access
}

// unreadAccess is what is known where the reading itself went wrong: nothing.
func unreadAccess(err error) iamAccess {
	return iamAccess{
		listErr: err, gapErr: err, guards: guards{gap: err, unseen: err},
		graph:      func() iamRoleGraph { return iamRoleGraph{gap: err} },
		allHolders: func() []iamHolder { return nil },
	}
}

// readProvided reads the policies of AWS that somebody has. Its error says why
// some are missing.
func (a *iamAccess) readProvided(ctx context.Context, p *engine.Place) error {
	var mu sync.Mutex
	return engine.Each(ctx, p, a.provided(), func(ctx context.Context, p *engine.Place, arn string) {
		document := readProvidedPolicy(ctx, p, arn)
		mu.Lock()
		defer mu.Unlock()
		a.managed[arn] = document
	})
}

// provided returns the ARNs of the policies of AWS that somebody has.
func (a *iamAccess) provided() []string {
	found := map[string]bool{}
	add := func(h holding) {
		for _, arn := range h.managed() {
			if strings.Contains(arn, ":iam::aws:policy/") {
				found[arn] = true
			}
		}
	}
	for _, user := range a.Users {
		add(holdingOfUser(user))
	}
	for _, group := range a.Groups {
		add(holdingOfGroup(group))
	}
	for _, role := range a.Roles {
		add(holdingOfRole(role))
	}
	return slices.Sorted(maps.Keys(found))
}

// fullAccess is AWS's own policy of that name, which has never said anything else.
const fullAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// readProvidedPolicy returns a policy of AWS, read once per account.
func readProvidedPolicy(ctx context.Context, p *engine.Place, arn string) iamDocument {
	text, err := engine.Once(p.Home(), "policy "+arn, func() (string, error) { return fetchProvidedPolicy(ctx, p.Home(), arn) })
	if err != nil {
		return iamDocument{err: err}
	}
	doc, err := parseEncoded(text, "iam:GetPolicyVersion")
	return iamDocument{doc, err}
}

// fetchProvidedPolicy returns the document of a policy of AWS, URL-encoded.
func fetchProvidedPolicy(ctx context.Context, p *engine.Place, arn string) (string, error) {
	if strings.HasSuffix(arn, ":policy/AdministratorAccess") {
		return fullAccess, nil
	}
	policy, err := iamClient(p).GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return "", err
	}
	if policy.Policy == nil {
		return "", engine.Malformed("iam:GetPolicy", errNoPolicy)
	}
	version, err := iamClient(p).GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return "", err
	}
	if version.PolicyVersion == nil {
		return "", engine.Malformed("iam:GetPolicyVersion", errNoPolicy)
	}
	return aws.ToString(version.PolicyVersion.Document), nil
}

var errNoPolicy error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer has no policy"}

// holding is what a user, group or role has.
type holding struct {
	arn      string
	attached []types.AttachedPolicy
	inline   []types.PolicyDetail
	boundary string // ARN of its permissions boundary
	groups   []string
}

func holdingOfUser(u types.UserDetail) holding {
	return holding{aws.ToString(u.Arn), u.AttachedManagedPolicies, u.UserPolicyList, boundaryOf(u.PermissionsBoundary), u.GroupList}
}

func holdingOfGroup(g types.GroupDetail) holding {
	return holding{arn: aws.ToString(g.Arn), attached: g.AttachedManagedPolicies, inline: g.GroupPolicyList}
}

func holdingOfRole(r types.RoleDetail) holding {
	return holding{aws.ToString(r.Arn), r.AttachedManagedPolicies, r.RolePolicyList, boundaryOf(r.PermissionsBoundary), nil}
}

func boundaryOf(b *types.AttachedPermissionsBoundary) string {
	if b == nil {
		return ""
	}
	return aws.ToString(b.PermissionsBoundaryArn)
}

// managed returns the ARNs of the managed policies that are attached, and of
// the boundary.
func (h holding) managed() []string {
	var arns []string
	for _, policy := range h.attached {
		arns = append(arns, aws.ToString(policy.PolicyArn))
	}
	if h.boundary != "" {
		arns = append(arns, h.boundary)
	}
	return arns
}

// document returns the document of a managed policy.
func (a iamAccess) document(arn string) iamDocument {
	if found, known := a.managed[arn]; known {
		return found
	}
	return iamDocument{err: a.unlisted()}
}

// unlisted is why something that was named is not in the details.
func (a iamAccess) unlisted() error {
	return cmp.Or(a.listErr, engine.Malformed("iam:GetPolicy", a.gapErr), engine.Malformed("iam:GetAccountAuthorizationDetails", errUnlisted))
}

var errUnlisted error = &posture.ReasonError{Reason: posture.NotFound, Code: "a policy or group", Text: "a policy or group is not in the listing"}

// principal collects all the policies of a user, group or role, and returns
// the first reason for which some of them are not known. Each is called by its
// name and by whom it is inside of: nobody for its own, a group for a group's.
func (a iamAccess) principal(h holding, holder string) (iampolicy.Principal, error) {
	principal := iampolicy.Principal{Own: []string{h.arn}}
	missing := a.collect(&principal, h, holder)
	for _, name := range h.groups {
		i := slices.IndexFunc(a.Groups, func(group types.GroupDetail) bool { return aws.ToString(group.GroupName) == name })
		if i < 0 {
			missing = cmp.Or(missing, a.unlisted())
			continue
		}
		group := holdingOfGroup(a.Groups[i])
		principal.Own = append(principal.Own, group.arn)
		missing = cmp.Or(missing, a.collect(&principal, group, ofHolder(group.arn)))
	}
	return principal, missing
}

// collect adds the policies of one holding.
func (a iamAccess) collect(principal *iampolicy.Principal, h holding, holder string) (missing error) {
	add := func(document iamDocument, name string) {
		if document.err == nil {
			principal.Policies = append(principal.Policies, document.doc.Of(name+holder))
		}
		missing = cmp.Or(missing, document.err)
	}
	for _, policy := range h.attached {
		arn := aws.ToString(policy.PolicyArn)
		principal.Own = append(principal.Own, arn)
		add(a.document(arn), attachedName(arn))
	}
	for _, policy := range h.inline {
		doc, err := parseGrants(policy.PolicyDocument)
		add(iamDocument{doc, err}, inlineName(aws.ToString(policy.PolicyName)))
	}
	return missing
}
