package services

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// guardCalls returns the calls that read what an organization forbids its
// accounts. Its management account makes them, or a delegated administrator.
func guardCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "organizations:DescribeOrganization"}, {Op: "organizations:ListParents"},
		{Op: "organizations:ListPoliciesForTarget"}, {Op: "organizations:DescribePolicy"},
	}
}

// guards is what an organization forbids an account, as far as it can be read.
type guards struct {
	identities [][]iampolicy.Document // service control policies, level by level: one of each must allow
	resources  []iampolicy.Document   // resource control policies of all levels: none may deny
	gap        error                  // why there may be more: a call that may succeed the next time
	limited    bool                   // a service control policy is attached other than the one that allows all
	unseen     error                  // why such a one may be there that was not listed
}

// certain reports whether something is open that was found so, and marks the
// fields as unread where policies that were not read may forbid it.
func (g guards) certain(r *engine.Reading, open bool, fields ...string) bool {
	return open && r.Got(g.gap, fields...)
}

// guardReader reads the policies above one account.
type guardReader struct {
	client *organizations.Client
	known  map[string]iamDocument // by id of the policy
	gap    error                  // the first call that may succeed the next time
	found  guards                 // what is said of the organization beside its policies
}

// fullAWSAccess is the id of the policy of AWS that allows everything.
const fullAWSAccess = "p-FullAWSAccess"

// lost notes a call that failed. Where it was refused it always will be, and the
// policies guard nothing.
func (r *guardReader) lost(err error) {
	var known *posture.ReadError
	if err == nil || r.gap != nil || !errors.As(engine.Refusal("read the organization", err), &known) {
		return
	}
	passing := []posture.Reason{posture.Throttled, posture.TimedOut, posture.Unreachable, posture.Malformed, posture.NotAnswered, posture.TooMuch}
	broken := []string{"ServiceException", "InternalFailure", "InternalError", "ServiceUnavailable"}
	if slices.Contains(passing, known.Cause.Reason) || slices.Contains(broken, known.Cause.Code) {
		r.gap = known
	}
}

// deepest is how many levels an organization has: the account, five of
// organizational units, and the root.
const deepest = 7

// readGuards reads the policies of the organization above the account, once per
// account. What cannot be read guards nothing, and nothing guards a management
// account.
func readGuards(ctx context.Context, p *engine.Place) guards {
	found, err := engine.Once(p.Home(), "guards of the organization", func() (guards, error) {
		return findGuards(ctx, p), nil // a gap is part of what is found
	})
	if err != nil {
		return guards{gap: err, unseen: err}
	}
	return found
}

// findGuards does so.
func findGuards(ctx context.Context, p *engine.Place) guards {
	above, ok := p.Above()
	if !ok {
		return guards{}
	}
	r := guardReader{client: engine.Client(above, organizations.NewFromConfig), known: map[string]iamDocument{}}
	out, err := r.client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	r.lost(err)
	if err != nil {
		return guards{gap: r.gap, unseen: err}
	}
	if out.Organization == nil || !known(out.Organization.FeatureSet) || aws.ToString(out.Organization.MasterAccountId) == "" {
		err := engine.Malformed("organizations:DescribeOrganization", errOrganization)
		r.lost(err)
		return guards{gap: r.gap, unseen: err}
	}
	if out.Organization.FeatureSet != types.OrganizationFeatureSetAll || *out.Organization.MasterAccountId == p.Account {
		return guards{}
	}
	return r.climb(ctx, p.Account)
}

var (
	errOrganization = errors.New("the answer does not say what kind of organization it is, or who manages it")
	errParent       = errors.New("the answer does not name the one parent")
	errPolicy       = errors.New("the answer does not hold the policy")
)

// climb reads the levels from an account up to the root.
func (r *guardReader) climb(ctx context.Context, target string) guards {
	found := &r.found
	for range deepest {
		if level, whole := r.level(ctx, target, types.PolicyTypeServiceControlPolicy); whole && len(level) > 0 {
			found.identities = append(found.identities, level)
		}
		level, _ := r.level(ctx, target, types.PolicyTypeResourceControlPolicy) // each denies by itself, and r notes what is missing
		found.resources = append(found.resources, level...)
		if strings.HasPrefix(target, "r-") {
			break
		}
		parent, err := r.parent(ctx, target)
		r.lost(err)
		found.unseen = cmp.Or(found.unseen, err)
		if err != nil {
			break
		}
		target = parent
	}
	found.gap = r.gap
	return *found
}

// parent returns the id of what an account or organizational unit lies in: each
// has one.
func (r *guardReader) parent(ctx context.Context, child string) (string, error) {
	out, err := r.client.ListParents(ctx, &organizations.ListParentsInput{ChildId: &child})
	if err != nil {
		return "", err
	}
	if len(out.Parents) != 1 || aws.ToString(out.Parents[0].Id) == "" {
		return "", engine.Malformed("organizations:ListParents", errParent)
	}
	return *out.Parents[0].Id, nil
}

// level returns the policies of a type that are attached to a target, and
// whether those are all and each is understood.
func (r *guardReader) level(ctx context.Context, target string, of types.PolicyType) (docs []iampolicy.Document, whole bool) {
	pages := organizations.NewListPoliciesForTargetPaginator(r.client, &organizations.ListPoliciesForTargetInput{TargetId: &target, Filter: of})
	listed, err := engine.ListAll(ctx, pages, func(page *organizations.ListPoliciesForTargetOutput) []types.PolicySummary { return page.Policies })
	r.lost(err)
	whole = err == nil
	if of == types.PolicyTypeServiceControlPolicy {
		r.found.unseen = cmp.Or(r.found.unseen, err)
		r.found.limited = r.found.limited || slices.ContainsFunc(listed, func(policy types.PolicySummary) bool { return aws.ToString(policy.Id) != fullAWSAccess })
	}
	for _, policy := range listed {
		document := r.document(ctx, aws.ToString(policy.Id))
		if document.err != nil {
			whole = false
			continue
		}
		docs = append(docs, document.doc)
	}
	return docs, whole
}

// document returns a policy, which several levels may have.
func (r *guardReader) document(ctx context.Context, id string) iamDocument {
	if found, known := r.known[id]; known {
		return found
	}
	out, err := r.client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &id})
	if err == nil && (out.Policy == nil || aws.ToString(out.Policy.Content) == "") {
		err = engine.Malformed("organizations:DescribePolicy", errPolicy)
	}
	r.lost(err)
	found := iamDocument{err: err}
	if err == nil {
		found.doc, found.err = iampolicy.Parse(*out.Policy.Content)
	}
	r.known[id] = found
	return found
}
