package services

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePolicyRefusesWhatItCannotJudge(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no statement":      `{"Version":"2012-10-17"}`,
		"not JSON":          `<html>`,
		"unknown effect":    `{"Statement":{"Effect":"Maybe","Action":"*"}}`,
		"no action":         `{"Statement":{"Effect":"Allow","Resource":"*"}}`,
		"action of objects": `{"Statement":[{"Effect":"Allow","Action":[{"a":1}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parsePolicy(text); !errors.Is(err, errPolicy) {
				t.Errorf("error = %v, want %v", err, errPolicy)
			}
		})
	}
}

func TestParseEncodedPolicy(t *testing.T) {
	got, err := parseEncodedPolicy("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22S3%3AGet%2A%22%2C%22Resource%22%3A%5B%22a%2Bb%22%5D%7D%7D")
	if err != nil {
		t.Fatal(err)
	}
	want := policyDocument{Statements: []statement{{
		Allow: true, Action: texts{"s3:get*"}, NotAction: texts{}, Resource: texts{"a+b"},
		Condition: map[string]map[string]texts{},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPolicyPublic(t *testing.T) {
	const anyone = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"`
	for name, test := range map[string]struct {
		statement string
		want      bool
	}{
		"bare star":               {anyone + `}`, true},
		"star in a list":          {`{"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"x:y"}`, true},
		"all but one":             {`{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"x:y"}`, true},
		"one account":             {`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"x:y"}`, false},
		"deny":                    {`{"Effect":"Deny","Principal":"*","Action":"x:y"}`, false},
		"one organisation":        {anyone + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, false},
		"one source account":      {anyone + `,"Condition":{"StringEquals":{"AWS:SourceAccount":["111122223333"]}}}`, false},
		"one source bucket":       {anyone + `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::alpha"}}}`, false},
		"sources of any account":  {anyone + `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}}`, true},
		"any organisation":        {anyone + `,"Condition":{"StringLike":{"aws:PrincipalOrgID":"*"}}}`, true},
		"condition if present":    {anyone + `,"Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}`, true},
		"all but an organisation": {anyone + `,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}`, true},
		"an office":               {anyone + `,"Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24"]}}}`, false},
		"the internet":            {anyone + `,"Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}}}`, true},
		"TLS only":                {anyone + `,"Condition":{"Bool":{"aws:SecureTransport":true}}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := parsePolicy(`{"Statement":[` + test.statement + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.public(); got != test.want {
				t.Errorf("public = %v, want %v", got, test.want)
			}
		})
	}
}

func TestPolicyDeniesInsecureTransport(t *testing.T) {
	const bucket = "arn:aws:s3:::alpha"
	const insecure = `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`
	for name, test := range map[string]struct {
		policy string
		want   bool
	}{
		"bucket and objects": {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::alpha","arn:aws:s3:::alpha/*"],` + insecure + `}`, true},
		"one pattern":        {`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*","Resource":"arn:aws:s3:::alpha*",` + insecure + `}`, true},
		"two statements": {`[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::alpha",` + insecure + `},
			{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::alpha/*",` + insecure + `}]`, true},
		"objects only":      {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::alpha/*",` + insecure + `}`, false},
		"some objects":      {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::alpha","arn:aws:s3:::alpha/logs/*"],` + insecure + `}`, false},
		"another bucket":    {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::beta","arn:aws:s3:::beta/*"],` + insecure + `}`, false},
		"some actions":      {`{"Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":"*",` + insecure + `}`, false},
		"one principal":     {`{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*",` + insecure + `}`, false},
		"allow":             {`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*",` + insecure + `}`, false},
		"further condition": {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, false},
		"unconditional":     {`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := parsePolicy(`{"Statement":` + test.policy + `}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.deniesInsecureTransport(bucket); got != test.want {
				t.Errorf("denies insecure transport = %v, want %v", got, test.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"?", "", false}, {"a*c", "abbc", true}, {"a*c", "abcd", false},
		{"a?c", "abc", true}, {"*a*b*", "xxaxxbxx", true}, {"s3:get*", "s3:getobject", true}, {"a", "ab", false},
	} {
		if got := glob(test.pattern, test.text); got != test.want {
			t.Errorf("glob(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
}

func TestPolicyAllowsEverything(t *testing.T) {
	for name, test := range map[string]struct {
		statement string
		want      bool
	}{
		"stars":                     {`{"Effect":"Allow","Action":"*","Resource":"*"}`, true},
		"all services":              {`{"Effect":"Allow","Action":["*:*"],"Resource":["*"]}`, true},
		"all ARNs":                  {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:*:*:*:*"}`, true},
		"under a condition":         {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, true},
		"all but another service":   {`{"Effect":"Allow","NotAction":"organizations:*","Resource":"*"}`, true},
		"all resources but one":     {`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::alpha"}`, true},
		"all but IAM":               {`{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}`, false},
		"one service":               {`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, false},
		"all actions on one bucket": {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::alpha"}`, false},
		"all of one service":        {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}`, false},
		"deny":                      {`{"Effect":"Deny","Action":"*","Resource":"*"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := parsePolicy(`{"Statement":[` + test.statement + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.allowsEverything(); got != test.want {
				t.Errorf("allows everything = %v, want %v", got, test.want)
			}
		})
	}
}

func TestTrustIsScoped(t *testing.T) {
	const other = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"`
	for name, test := range map[string]struct {
		statement string
		want      []string
	}{
		"no condition":            {other + `}`, []string{"444455556666"}},
		"external id":             {other + `,"Condition":{"StringEquals":{"sts:ExternalId":"e-1"}}}`, nil},
		"any external id":         {other + `,"Condition":{"StringLike":{"sts:ExternalId":"*"}}}`, []string{"444455556666"}},
		"MFA":                     {other + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, nil},
		"no MFA":                  {other + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`, []string{"444455556666"}},
		"the organisation":        {`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, nil},
		"anybody":                 {`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`, []string{"*"}},
		"the account itself":      {`{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"sts:AssumeRole"}`, nil},
		"a service":               {`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, nil},
		"a user who was deleted":  {`{"Effect":"Allow","Principal":{"AWS":"AIDAEXAMPLE"},"Action":"sts:AssumeRole"}`, nil},
		"another account's roles": {`{"Effect":"Allow","Principal":{"AWS":["444455556666","arn:aws:iam::444455556666:role/x"]},"Action":"sts:AssumeRole"}`, []string{"444455556666"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := parsePolicy(`{"Statement":[` + test.statement + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			got := doc.otherAccounts(testAccount, func(s statement) bool { return !s.scopesTrust() })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("trusts (-want +got):\n%s", diff)
			}
		})
	}
}
