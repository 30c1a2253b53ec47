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
			if diff := cmp.Diff(test.want, arns(got)); diff != "" || len(possible) > 0 {
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
		if diff := cmp.Diff([][]string{test.certain, test.possible}, [][]string{arns(certain), possible}); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
	// One way that is certain counts, whatever else there is.
	bob := Principal{Policies: []Document{
		mustParse(t, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+second.ARN+`","Condition":{"StringEquals":{"shop:floor":"2"}}}}`),
		allows(t, "sts:AssumeRole", first.ARN),
	}}
	certain, possible := Reaches(bob, own+"user/bob", []Role{second, first}, AccountRef{ID: ownAccount})
	if diff := cmp.Diff([]string{first.ARN, second.ARN}, arns(certain)); diff != "" || len(possible) > 0 {
		t.Errorf("perhaps %v, (-want +got):\n%s", possible, diff)
	}
}

func arns(taken []Taking) []string {
	var list []string
	for _, way := range taken {
		list = append(list, way.Role())
	}
	return list
}

// TestReachesBy holds which statements are named for a role that is taken, and
// through which others.
func TestReachesBy(t *testing.T) {
	role := func(name, trusts string, may ...string) Role {
		r := Role{ARN: own + "role/" + name}
		r.Trust = mustParse(t, `{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},{"Sid":"In","Effect":"Allow","Principal":{"AWS":"`+trusts+`"},"Action":"sts:AssumeRole"}]}`).Of("trust of " + name)
		for _, resource := range may {
			r.Policies = append(r.Policies, allows(t, "sts:AssumeRole", resource).Of("inside "+name))
		}
		return r
	}
	in := func(name string) Statement { return Statement{Policy: "trust of " + name, Sid: "In", Number: 2} }
	first := func(policy string) Statement { return Statement{Policy: policy, Number: 1} }
	last := own + "role/last"
	bob := Principal{
		Policies: []Document{allows(t, "sts:AssumeRole", own+"role/*").Of("b"), allows(t, "sts:AssumeRole", own+"role/first").Of("a")},
		Boundary: new(allows(t, "sts:*", "*").Of("boundary")),
	}
	for name, test := range map[string]struct {
		roles []Role
		want  []Taking
	}{
		"by two policies and the account":    {[]Role{role("first", ownAccount)}, []Taking{{[]string{own + "role/first"}, []Statement{first("b"), first("a"), in("first")}}}},
		"by name, whatever policies say":     {[]Role{role("last", own+"user/bob")}, []Taking{{[]string{last}, []Statement{in("last")}}}},
		"not by who else is let in":          {[]Role{role("last", own+"user/amy")}, nil},
		"directly, though there is a detour": {[]Role{role("first", own+"role/last"), role("last", own+"user/bob")}, []Taking{{[]string{last, own + "role/first"}, []Statement{in("last"), in("first")}}, {[]string{last}, []Statement{in("last")}}}},
		"one after another": {
			[]Role{role("last", own+"role/middle"), role("middle", ownAccount), role("first", own+"user/bob", own+"role/middle")},
			[]Taking{
				{[]string{own + "role/first"}, []Statement{in("first")}},
				{[]string{own + "role/middle", last}, []Statement{first("b"), in("middle"), in("last")}},
				{[]string{own + "role/middle"}, []Statement{first("b"), in("middle")}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, possible := Reaches(bob, own+"user/bob", test.roles, AccountRef{ID: ownAccount})
			if diff := cmp.Diff(test.want, got); diff != "" || len(possible) > 0 {
				t.Errorf("possible %v, (-want +got):\n%s", possible, diff)
			}
		})
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
