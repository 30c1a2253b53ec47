package iampolicy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	somePrincipals = []name{
		{"*", "*"}, {"AWS", "*"}, {"AWS", ownAccount}, {"AWS", "444455556666"}, {"AWS", "arn:aws:iam::444455556666:role/x"},
		{"Service", "sns.amazonaws.com"}, {"Service", "events.amazonaws.com"}, {"CanonicalUser", "ab12"}, {"AWS", "odd"},
	}
	someOperators = []string{
		"StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists", "StringEqualsIfExists", "ForAllValues:StringLike",
		"ForAnyValue:StringNotEquals", "Null", "Bool", "BoolIfExists", "IpAddress", "NotIpAddress", "NumericLessThan", "Odd",
	}
	someKeys = []string{
		"aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIp", "aws:SourceVpce",
		"aws:VpceAccount", "aws:VpceOrgID", "aws:PrincipalIsAWSService", "aws:SecureTransport", "sts:ExternalId", "aws:Unheard", "aws:PrincipalTag/a",
		"kms:EncryptionContext:aws:logs:arn", "iam:PolicyARN", "iam:PermissionsBoundary", "iam:PassedToService",
	}
	someValues = []string{
		ownAccount, "444455556666", "o-abc123", "o-def456", "o-*", "*", "o-abc123/*", "arn:aws:sns:*:123456789012:*", "arn:aws:sns:*:*:*", "true", "false",
		"192.0.2.0/24", "0.0.0.0/0", "vpce-1a2b", "odd", "${aws:PrincipalAccount}", "lambda.amazonaws.com",
	}
	someActions = []string{
		"*", "sqs:*", "sqs:sendmessage", "sqs:s*", "iam:*", "iam:attachrolepolicy", "iam:passrole", "lambda:*", "lambda:createfunction", "lambda:invokefunction", "s3:*",
	}
	someResources = []string{
		"*", "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sqs:*:*:*", "arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/x", "arn:aws:s3:::*",
	}
)

func some[T any](r *rand.Rand, list []T) []T {
	var chosen []T
	for range 1 + r.IntN(2) {
		chosen = append(chosen, list[r.IntN(len(list))])
	}
	return chosen
}

func someConditions(r *rand.Rand) []condition {
	var list []condition
	for range r.IntN(4) {
		list = append(list, newCondition(some(r, someOperators)[0], some(r, someKeys)[0], some(r, someValues)))
	}
	return list
}

func someStatement(r *rand.Rand, allow bool) statement {
	s := statement{allow: allow, conditions: someConditions(r)}
	pick := func() int { return r.IntN(6) }
	if pick() == 0 {
		s.notPrincipal = some(r, somePrincipals)
	} else {
		s.principal = some(r, somePrincipals)
	}
	if pick() == 0 {
		s.notAction = some(r, someActions)
	} else {
		s.action = some(r, someActions)
	}
	if pick() == 0 {
		s.notResource = some(r, someResources)
	} else {
		s.resource = some(r, someResources)
	}
	return s
}

func someDocument(r *rand.Rand) Document {
	doc := Document{statements: []statement{someStatement(r, true)}}
	for range r.IntN(4) {
		doc.statements = append(doc.statements, someStatement(r, r.IntN(2) == 0))
	}
	for i := range doc.statements {
		doc.statements[i].Number = i + 1
	}
	return doc
}

var asks = []Ask{
	{Service: "sqs", Resource: "arn:aws:sqs:us-east-1:123456789012:q", Account: ownAccount},
	{Service: "sqs", Actions: []string{"sqs:SendMessage"}, Account: ownAccount},
	{Service: "s3", Resource: ownBucket, Account: ownAccount},
	{Service: "sts", Actions: []string{"sts:AssumeRole"}, Account: ownAccount},
}

// most returns the widest reach that may be, with what was not understood.
func (d Document) most(ask Ask) Reach {
	most := Nobody
	for _, a := range d.admissions(ask) {
		most = max(most, a.reachOf(ask))
	}
	return most
}

// few says whether the slower question is asked too.
func few(r *rand.Rand) bool { return r.IntN(8) == 0 }

// each tries a property on documents that a fixed seed makes.
func each(t *testing.T, property func(t *testing.T, r *rand.Rand, doc Document)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		property(t, r, someDocument(r))
		if t.Failed() {
			return
		}
	}
}

func TestDenyNeverWidens(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		more := Document{statements: append(slices.Clone(doc.statements), someStatement(r, false))}
		for _, ask := range asks {
			if before, after := doc.most(ask), more.most(ask); after > before {
				t.Errorf("%v became %v with a deny: %+v", before, after, more)
			}
		}
		if !few(r) {
			return
		}
		before, after := grantsTo(doc), grantsTo(more)
		if after.Everything && !before.Everything || !contains(ids(before.Escalates), ids(after.Escalates)) && len(before.Unsure) == 0 {
			t.Errorf("%+v became %+v with a deny: %+v", before, after, more)
		}
	})
}

func TestAllowNeverNarrows(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		more := Document{statements: append(slices.Clone(doc.statements), someStatement(r, true))}
		for _, ask := range asks {
			if before, after := doc.most(ask), more.most(ask); after < before {
				t.Errorf("%v became %v with an allow: %+v", before, after, more)
			}
		}
		if !few(r) {
			return
		}
		if before, after := grantsTo(doc), grantsTo(more); before.Everything && !after.Everything {
			t.Errorf("%+v became %+v with an allow: %+v", before, after, more)
		}
	})
}

func TestDroppingAConditionNeverNarrows(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		first := doc.statements[0]
		if len(first.conditions) == 0 {
			return
		}
		i := r.IntN(len(first.conditions))
		first.conditions = slices.Delete(slices.Clone(first.conditions), i, i+1)
		fewer := Document{statements: append([]statement{first}, doc.statements[1:]...)}
		for _, ask := range asks {
			if before, after := doc.most(ask), fewer.most(ask); after < before {
				t.Errorf("%v became %v without condition %d: %+v", before, after, i, doc)
			}
		}
		if !few(r) {
			return
		}
		before, after := grantsTo(doc), grantsTo(fewer)
		for _, w := range before.Escalates {
			still := func(a Way) bool { return contains(w.Needs, a.Needs) } // itself, or one that needs less
			if !slices.ContainsFunc(after.Escalates, still) {
				t.Errorf("%s is gone without condition %d: %+v", w.ID, i, doc)
			}
		}
		if before.Everything && !after.Everything {
			t.Errorf("%+v became %+v without condition %d: %+v", before, after, i, doc)
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	where := cmp.Options{
		cmpopts.IgnoreFields(Verdict{}, "Statement", "Why"), cmpopts.IgnoreFields(Opening{}, "Why"), cmpopts.IgnoreFields(Federation{}, "WhoBy", "AudienceBy"),
		cmpopts.SortSlices(func(a, b Opening) bool { return a.Statement.Number < b.Statement.Number }),
	}
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		turned := Document{statements: slices.Clone(doc.statements)}
		r.Shuffle(len(turned.statements), func(i, j int) {
			turned.statements[i], turned.statements[j] = turned.statements[j], turned.statements[i]
		})
		for i, s := range turned.statements {
			s.conditions, s.principal = slices.Clone(s.conditions), slices.Clone(s.principal)
			slices.Reverse(s.conditions)
			slices.Reverse(s.principal)
			turned.statements[i] = s
		}
		for _, ask := range asks {
			if diff := cmp.Diff(Trust(doc, ask), Trust(turned, ask), where); diff != "" {
				t.Errorf("trust of %+v turned: %s", doc, diff)
			}
			if diff := cmp.Diff(Access(doc, ask), Access(turned, ask), where); diff != "" {
				t.Errorf("access of %+v turned: %s", doc, diff)
			}
		}
		if !few(r) {
			return
		}
		if diff := cmp.Diff(grantsTo(doc), grantsTo(turned)); diff != "" {
			t.Errorf("grants of %+v turned: %s", doc, diff)
		}
	})
}

func grantsTo(doc Document) Grants {
	return Principal{Policies: []Document{doc}}.Grants(AccountRef{ID: ownAccount})
}

// TestGuardsOfOtherServices holds that resource control policies take nothing
// from what they do not bound.
func TestGuardsOfOtherServices(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		for _, service := range []string{"sns", "lambda", "es", "elasticfilesystem", "backup"} {
			ask := Ask{Service: service, Account: ownAccount}
			before := Access(doc, ask)
			ask.Guards = []Document{someDocument(r)}
			if diff := cmp.Diff(before, Access(doc, ask)); diff != "" {
				t.Errorf("%s (-before +after):\n%s", service, diff)
			}
		}
	})
}

// TestGuardsNeverWiden holds that what an organization forbids lets nobody do more.
func TestGuardsNeverWiden(t *testing.T) {
	account := AccountRef{ID: ownAccount}
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		guard := someDocument(r)
		for _, ask := range asks {
			before := doc.most(ask)
			ask.Guards = []Document{guard}
			if after := doc.most(ask); after > before {
				t.Errorf("%v became %v with a guard: %+v %+v", before, after, doc, guard)
			}
		}
		if !few(r) {
			return
		}
		before := grantsTo(doc)
		after := Principal{Policies: []Document{doc}, Guards: [][]Document{{guard}}}.Grants(account)
		if after.Everything && !before.Everything || !contains(ids(before.Escalates), ids(after.Escalates)) && len(before.Unsure) == 0 {
			t.Errorf("%+v became %+v with a guard: %+v", before, after, guard)
		}
	})
}
