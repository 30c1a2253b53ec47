package services

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// heldPolicies collects the policies of a permission set.
type heldPolicies struct {
	docs     []iampolicy.Document
	missing  error    // why there may be more
	accounts []string // that the policies name
}

func (h *heldPolicies) add(document iamDocument, name string) {
	if document.err == nil {
		h.docs = append(h.docs, document.doc.Of(name))
	}
	h.missing = cmp.Or(h.missing, document.err)
}

// readAccess says what the set allows. What was not found is unread where a
// policy is not known, which may grant it, and what was found where the
// boundary is not, which may take it away.
func (s *permissionSetReading) readAccess(ctx context.Context) {
	judged := s.Wants(grantFields...)
	if !judged && !s.Wants("managed_policies") {
		return
	}
	held := heldPolicies{accounts: []string{s.Place.Account}}
	s.addManaged(ctx, &held, judged)
	if !judged {
		return
	}
	s.addInline(ctx, &held)
	s.addReferences(ctx, &held)
	boundary := s.readBoundary(ctx)
	principal := iampolicy.Principal{Policies: held.docs}
	if boundary != nil && boundary.err == nil {
		principal.Boundary = &boundary.doc
	}
	power, unsure := grantsAmong(held.accounts, s.Place.Partition, principal)
	if boundary != nil && (power.administrator || len(power.escalates) > 0) && !s.Got(boundary.err, grantFields...) {
		return
	}
	s.doc.Administrator, s.doc.AdministratorBy, s.doc.Escalates = power.administrator, power.by, power.escalates
	for _, field := range grantFields {
		if power.administrator || field == "escalates" && len(power.escalates) > 0 {
			continue
		}
		if s.Got(held.missing, field) && slices.Contains(unsure, field) {
			from("sso:GetInlinePolicyForPermissionSet", field).unclear(s.Reading)
		}
	}
}

// grantsAmong says what a principal may do in any of the accounts, and the
// fields in which it may be more.
func grantsAmong(accounts []string, partition string, principal iampolicy.Principal) (power iamPower, unsure []string) {
	for _, account := range accounts {
		found := principal.Grants(iampolicy.AccountRef{ID: account, Partition: partition})
		if found.Everything {
			return iamPower{administrator: true, by: statementNames(found.EverythingBy)}, nil
		}
		if len(power.escalates) == 0 {
			power.escalates = escalationsOf(found.Escalates)
		}
		for name, fields := range map[string][]string{"Everything": administratorFields, "Escalates": {"escalates"}} {
			if slices.Contains(found.Unsure, name) {
				unsure = append(unsure, fields...)
			}
		}
	}
	return power, unsure
}

// addManaged adds the policies of AWS in the set, and names them.
func (s *permissionSetReading) addManaged(ctx context.Context, held *heldPolicies, judged bool) {
	pages := ssoadmin.NewListManagedPoliciesInPermissionSetPaginator(s.client, &ssoadmin.ListManagedPoliciesInPermissionSetInput{
		InstanceArn: &s.doc.Instance, PermissionSetArn: &s.arn, MaxResults: aws.Int32(100),
	})
	attached, err := engine.ListAll(ctx, pages, func(page *ssoadmin.ListManagedPoliciesInPermissionSetOutput) []types.AttachedManagedPolicy {
		return page.AttachedManagedPolicies
	})
	held.missing = cmp.Or(held.missing, err)
	for _, policy := range attached {
		arn := aws.ToString(policy.Arn)
		s.doc.ManagedPolicies = append(s.doc.ManagedPolicies, arn)
		if judged {
			held.add(readProvidedPolicy(ctx, s.Place, arn), attachedName(arn))
		}
	}
	slices.Sort(s.doc.ManagedPolicies)
	if !s.Got(err, "managed_policies") {
		s.doc.ManagedPolicies = nil
	}
}

// accountInARN finds the account in an ARN of IAM.
var accountInARN = regexp.MustCompile(`:iam::(\d{12}):`)

// addInline adds the policy inside the set. Where there is none the answer has
// an empty one.
func (s *permissionSetReading) addInline(ctx context.Context, held *heldPolicies) {
	const op = "sso:GetInlinePolicyForPermissionSet"
	out, err := s.client.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &s.doc.Instance, PermissionSetArn: &s.arn})
	if err == nil && out.InlinePolicy == nil {
		err = engine.Malformed(op, errNoPolicy)
	}
	if err != nil {
		held.add(iamDocument{err: err}, "")
		return
	}
	text := *out.InlinePolicy
	if text == "" {
		return
	}
	doc, err := iampolicy.Parse(text)
	if err != nil {
		err = notUnderstood(op)
	}
	held.add(iamDocument{doc, err}, "the inline policy")
	for _, found := range accountInARN.FindAllStringSubmatch(text, -1) {
		held.accounts = append(held.accounts, found[1])
	}
	slices.Sort(held.accounts)
	held.accounts = slices.Compact(held.accounts)
}

var errPerAccount error = &posture.ReasonError{Reason: posture.OtherAccount, Text: "the policy is named, and each account has its own of that name"}

// addReferences notes that the set has policies of the customer's. It has only
// their names: what they allow is set in each account that gets the set.
func (s *permissionSetReading) addReferences(ctx context.Context, held *heldPolicies) {
	const op = "sso:ListCustomerManagedPolicyReferencesInPermissionSet"
	pages := ssoadmin.NewListCustomerManagedPolicyReferencesInPermissionSetPaginator(s.client, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{
		InstanceArn: &s.doc.Instance, PermissionSetArn: &s.arn, MaxResults: aws.Int32(100),
	})
	named, err := engine.ListAll(ctx, pages, func(page *ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput) []types.CustomerManagedPolicyReference {
		return page.CustomerManagedPolicyReferences
	})
	if len(named) > 0 {
		err = cmp.Or(err, engine.Malformed(op, errPerAccount))
	}
	held.missing = cmp.Or(held.missing, err)
}

// readBoundary returns the permissions boundary of the set, nil where it has
// none.
func (s *permissionSetReading) readBoundary(ctx context.Context) *iamDocument {
	const op = "sso:GetPermissionsBoundaryForPermissionSet"
	out, err := s.client.GetPermissionsBoundaryForPermissionSet(ctx, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: &s.doc.Instance, PermissionSetArn: &s.arn})
	if err != nil {
		if err = engine.NotConfigured(err, "ResourceNotFoundException"); err == nil {
			return nil
		}
		return &iamDocument{err: err}
	}
	boundary := out.PermissionsBoundary
	switch {
	case boundary == nil:
		return &iamDocument{err: engine.Malformed(op, errNoPolicy)}
	case aws.ToString(boundary.ManagedPolicyArn) != "":
		document := readProvidedPolicy(ctx, s.Place, *boundary.ManagedPolicyArn)
		return &document
	case boundary.CustomerManagedPolicyReference == nil:
		return &iamDocument{err: engine.Malformed(op, errNoPolicy)}
	default:
		return &iamDocument{err: engine.Malformed(op, errPerAccount)}
	}
}
