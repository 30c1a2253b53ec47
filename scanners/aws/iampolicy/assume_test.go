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
		"trusts the account, may not":      {[]Role{role("a", toAccount)}, nil, nil},
		"trusts the account, may another":  {[]Role{role("a", toAccount)}, []string{own + "role/b"}, nil},
		"trusts by name, may not":          {[]Role{role("a", toBob)}, nil, []string{own + "role/a"}},
		"trusts by name and denies":        {[]Role{role("a", toBob+toNobody)}, nil, nil},
		"trusts a service":                 {[]Role{role("a", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)}, []string{"*"}, nil},
		"trusts another account":           {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`)}, []string{"*"}, nil},
		"only tags":                        {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:TagSession"}`)}, []string{"*"}, nil},
		"with MFA":                         {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`)}, []string{"*"}, []string{own + "role/a"}},
		"for another principal":            {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}}`)}, []string{"*"}, nil},
		"for all but another principal":    {[]Role{role("a", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}}`)}, []string{"*"}, []string{own + "role/a"}},
		"for a service that acts for some": {[]Role{role("a", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}`)}, []string{"*"}, nil},
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
			got, possible := Reaches(bob, own+"user/bob", test.roles, AccountRef{ID: ownAccount})
			if diff := cmp.Diff(test.want, got); diff != "" || len(possible) > 0 {
				t.Errorf("possible %v, (-want +got):\n%s", possible, diff)
			}
		})
	}
}

func TestReachesObeysItsOwnDeny(t *testing.T) {
	bob := Principal{Policies: []Document{mustParse(t, `{"Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`)}}
	roles := []Role{{ARN: own + "role/a", Trust: mustParse(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+own+`user/bob"},"Action":"sts:AssumeRole"}}`)}}
	if got, possible := Reaches(bob, own+"user/bob", roles, AccountRef{ID: ownAccount}); len(got)+len(possible) > 0 {
		t.Errorf("reaches %v, perhaps %v", got, possible)
	}
}

// TestReachesPerhaps holds that a role is neither reached for sure nor out of
// reach where a condition decides that is not understood, or tags do, and that
// so are those behind it.
func TestReachesPerhaps(t *testing.T) {
	const toAccount = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`
	first := Role{ARN: own + "role/first", Trust: mustParse(t, toAccount), Principal: Principal{Policies: []Document{allows(t, "sts:AssumeRole", own+"role/second")}}}
	second := Role{ARN: own + "role/second", Trust: mustParse(t, toAccount)}
	for name, test := range map[string]struct {
		condition         string
		certain, possible []string
	}{
		"no condition":         {`{}`, []string{first.ARN, second.ARN}, nil},
		"an unknown key":       {`{"StringEquals":{"shop:floor":"2"}}`, nil, []string{first.ARN, second.ARN}},
		"an unknown operator":  {`{"StringAlmost":{"aws:PrincipalArn":"x"}}`, nil, []string{first.ARN, second.ARN}},
		"tags of the role":     {`{"StringEquals":{"aws:ResourceTag/team":"shop"}}`, nil, []string{first.ARN, second.ARN}},
		"tags of the session":  {`{"StringEquals":{"aws:RequestTag/team":"shop"}}`, nil, []string{first.ARN, second.ARN}},
		"names of its tags":    {`{"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}`, nil, []string{first.ARN, second.ARN}},
		"tags, if there are":   {`{"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}`, []string{first.ARN, second.ARN}, nil},
		"another account only": {`{"StringEquals":{"aws:ResourceAccount":"444455556666"}}`, nil, nil},
	} {
		bob := Principal{Policies: []Document{mustParse(t, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+first.ARN+`","Condition":`+test.condition+`}}`)}}
		certain, possible := Reaches(bob, own+"user/bob", []Role{second, first}, AccountRef{ID: ownAccount})
		if diff := cmp.Diff([][]string{test.certain, test.possible}, [][]string{certain, possible}); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
	// One way that is certain counts, whatever else there is.
	bob := Principal{Policies: []Document{
		mustParse(t, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+second.ARN+`","Condition":{"StringEquals":{"shop:floor":"2"}}}}`),
		allows(t, "sts:AssumeRole", first.ARN),
	}}
	certain, possible := Reaches(bob, own+"user/bob", []Role{second, first}, AccountRef{ID: ownAccount})
	if diff := cmp.Diff([]string{first.ARN, second.ARN}, certain); diff != "" || len(possible) > 0 {
		t.Errorf("perhaps %v, (-want +got):\n%s", possible, diff)
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
