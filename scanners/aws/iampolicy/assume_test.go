package iampolicy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const own = "arn:aws:iam::123456789012:"

func TestReaches(t *testing.T) {
	role := func(name, trust string, may ...string) Role {
		r := Role{ARN: own + "role/" + name, Trust: mustParse(t, `{"Statement":[`+trust+`]}`)}
		for _, resource := range may {
			r.Policies = append(r.Policies, allows(t, "sts:AssumeRole", resource))
		}
		return r
	}
	const (
		toAccount = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}`
		toBob     = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"},"Action":"sts:AssumeRole"}`
		toFirst   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/first"},"Action":"sts:*"}`
		toNobody  = `,{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}`
	)
	for name, test := range map[string]struct {
		roles []Role
		may   []string // what bob may assume
		want  []string
	}{
		"trusts the account, may":          {[]Role{role("a", toAccount)}, []string{own + "role/a"}, []string{own + "role/a"}},
		"trusts the account, may any":      {[]Role{role("a", toAccount)}, []string{"*"}, []string{own + "role/a"}},
		"trusts the account, may not":      {[]Role{role("a", toAccount)}, nil, []string{}},
		"trusts the account, may another":  {[]Role{role("a", toAccount)}, []string{own + "role/b"}, []string{}},
		"trusts by name, may not":          {[]Role{role("a", toBob)}, nil, []string{own + "role/a"}},
		"trusts by name and denies":        {[]Role{role("a", toBob+toNobody)}, nil, []string{}},
		"trusts a service":                 {[]Role{role("a", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)}, []string{"*"}, []string{}},
		"trusts another account":           {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`)}, []string{"*"}, []string{}},
		"only tags":                        {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:TagSession"}`)}, []string{"*"}, []string{}},
		"with MFA":                         {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`)}, []string{"*"}, []string{own + "role/a"}},
		"for another principal":            {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}}`)}, []string{"*"}, []string{}},
		"for all but another principal":    {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}}`)}, []string{"*"}, []string{own + "role/a"}},
		"for a service that acts for some": {[]Role{role("a", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}`)}, []string{"*"}, []string{}},
		"through another": {
			[]Role{role("second", toFirst), role("first", toAccount, own+"role/third"), role("third", toAccount), role("fourth", toAccount)},
			[]string{own + "role/first"}, []string{own + "role/first", own + "role/second", own + "role/third"},
		},
		"round": {[]Role{role("first", toBob+","+`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/second"},"Action":"sts:AssumeRole"}`), role("second", toFirst)},
			nil, []string{own + "role/first", own + "role/second"}},
	} {
		t.Run(name, func(t *testing.T) {
			var bob Principal
			for _, resource := range test.may {
				bob.Policies = append(bob.Policies, allows(t, "sts:AssumeRole", resource))
			}
			if diff := cmp.Diff(test.want, Reaches(bob, own+"user/bob", test.roles, AccountRef{ID: ownAccount})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReachesObeysItsOwnDeny(t *testing.T) {
	bob := Principal{Policies: []Document{mustParse(t, `{"Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`)}}
	roles := []Role{{ARN: own + "role/a", Trust: mustParse(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+own+`user/bob"},"Action":"sts:AssumeRole"}}`)}}
	if got := Reaches(bob, own+"user/bob", roles, AccountRef{ID: ownAccount}); len(got) > 0 {
		t.Errorf("reaches %v", got)
	}
}

func mustParse(t *testing.T, text string) Document {
	t.Helper()
	doc, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
