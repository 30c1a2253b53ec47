package iampolicy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEncoded(t *testing.T) {
	got, err := ParseEncoded("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22S3%3AGet%2A%22%2C%22Resource%22%3A%5B%22a%2Bb%22%5D%7D%7D")
	if err != nil {
		t.Fatal(err)
	}
	want := Document{statements: []statement{{Statement: Statement{Number: 1}, allow: true, action: []string{"s3:get*"}, resource: []string{"a+b"}}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Document{}, statement{}, condition{}, name{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := ParseEncoded("%zz"); err == nil {
		t.Error("what is not encoded was parsed")
	}
}

func TestErrorsSayWhereAndQuoteNothing(t *testing.T) {
	_, err := Parse(`{"Statement":[{"Effect":"Deny","Action":"*"},{"Effect":"Allow","Action":"*","hunter2":1}]}`)
	var problem *Error
	if !errors.As(err, &problem) {
		t.Fatalf("%v is no *Error", err)
	}
	if diff := cmp.Diff(&Error{Reason: UnknownMember, Statement: 2}, problem); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := err.Error(); text != "malformed policy document: statement 2: it has a member that policies do not have" {
		t.Errorf("error says %q", text)
	}
}

// TestVerdictShowsWhatDecides asks for the evidence.
func TestVerdictShowsWhatDecides(t *testing.T) {
	const open = `{"Sid":"open","Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"CASE}`
	const named = `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sqs:*","Resource":"*"}`
	first, open1, second := Statement{Number: 1}, Statement{Sid: "open", Number: 1}, Statement{Sid: "open", Number: 2}
	for name, test := range map[string]struct {
		statements string
		want       Verdict
	}{
		"nobody":          {``, Verdict{Why: string(NoOneNamed)}},
		"by name":         {named, Verdict{Reach: Own, Statement: first, Why: string(ByName)}},
		"no condition":    {named + "," + strings.Replace(open, "CASE", "", 1), Verdict{Reach: Public, Statement: second, Openings: []Opening{{second, Public, NoCondition}}, Why: string(NoCondition)}},
		"no tie":          {strings.Replace(open, "CASE", `,"Condition":{"Bool":{"aws:SecureTransport":true}}`, 1), Verdict{Reach: Public, Statement: open1, Openings: []Opening{{open1, Public, NoTie}}, Why: string(NoTie)}},
		"open value":      {strings.Replace(open, "CASE", `,"Condition":{"StringLike":{"aws:SourceAccount":"1*"}}`, 1), Verdict{Reach: Public, Statement: open1, Openings: []Opening{{open1, Public, OpenValue}}, Why: string(OpenValue)}},
		"service":         {`{"Effect":"Allow","Principal":{"Service":"s"},"Action":"sqs:*","Resource":"*"}`, Verdict{Reach: Service, Services: []string{"s"}, Statement: first, Openings: []Opening{{first, Service, NoSource}}, Why: string(NoSource)}},
		"not understood":  {strings.Replace(open, "CASE", `,"Condition":{"Odd":{"a":"b"}}`, 1), Verdict{Reach: CannotTell, Statement: open1, Why: string(NotUnderstood)}},
		"malformed":       {`{"Effect":"Perhaps"}`, Verdict{Reach: CannotTell, Statement: first, Why: string(NoEffect)}},
		"public and more": {strings.Replace(open, "CASE", "", 1) + `,{"Sid":"odd","Effect":"Allow","Principal":{"AWS":"odd"},"Action":"sqs:*","Resource":"*"}`, Verdict{Reach: Public, Statement: open1, Openings: []Opening{{open1, Public, NoCondition}}, Why: string(NoCondition)}},
		"two": {strings.Replace(open, "CASE", `,"Condition":{"Bool":{"aws:SecureTransport":true}}`, 1) + "," + strings.Replace(open, "CASE", "", 1),
			Verdict{Reach: Public, Statement: open1, Openings: []Opening{{open1, Public, NoTie}, {second, Public, NoCondition}}, Why: string(NoTie)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(`{"Statement":[`+test.statements+`]}`, Ask{Service: "sqs", Account: ownAccount})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	for text, want := range map[string][]Entry{
		`{"AWS":"123456789012"}`:       nil,
		`{"AWS":"444455556666"}`:       {{"444455556666", Statement{Number: 1}}},
		`{"AWS":["444455556666","*"]}`: {{"*", Statement{Number: 1}}, {"444455556666", Statement{Number: 1}}},
	} {
		got := Judge(`{"Statement":{"Effect":"Allow","Principal":`+text+`,"Action":"kms:*","Resource":"*"}}`, Ask{Service: "kms", Account: ownAccount})
		if diff := cmp.Diff(want, got.Others()); diff != "" {
			t.Errorf("others of %s (-want +got):\n%s", text, diff)
		}
	}
}

// TestTablesNameTheirSources holds that each key and each provider says who
// says so, and that names are lower case, as they are looked up.
func TestTablesNameTheirSources(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range keys {
		if k.doc == "" || k.name != strings.ToLower(k.name) || seen[k.name] {
			t.Errorf("key %q is there twice, not in lower case, or without a source", k.name)
		}
		seen[k.name] = true
	}
	for _, i := range shared {
		if i.doc == "" || i.host != strings.ToLower(i.host) {
			t.Errorf("provider %q is not in lower case, or without a source", i.host)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		a, b                    string
		matches, covers, common bool
	}{
		{"", "", true, true, true},
		{"*", "", true, true, true},
		{"?", "", false, false, false},
		{"a*c", "abbc", true, true, true},
		{"a*c", "abcd", false, false, false},
		{"*a*b*", "xxaxxbxx", true, true, true},
		{"s3:get*", "s3:*", false, false, true},
		{"s3:*", "s3:get*", true, true, true},
		{"?*", "*", true, false, true},
		{"a?", "a*", true, false, true},
		{"*", "a*b?c", true, true, true},
		{"a*", "*b", false, false, true},
		{"a*x", "a*y", false, false, false},
	} {
		if got := match(test.a, test.b); got != test.matches {
			t.Errorf("match(%q, %q) = %v", test.a, test.b, got)
		}
		if got := covers(test.a, test.b); got != test.covers {
			t.Errorf("covers(%q, %q) = %v", test.a, test.b, got)
		}
		if got := overlaps(test.a, test.b); got != test.common {
			t.Errorf("overlaps(%q, %q) = %v", test.a, test.b, got)
		}
	}
}

func TestStatementsByName(t *testing.T) {
	for want, of := range map[string]Statement{
		"statement Read":       {Sid: "Read", Number: 1},
		"statement 2":          {Sid: "", Number: 2},
		"statement 3":          {Sid: strings.Repeat("a", longestSid+1), Number: 3},
		`statement "4"`:        {Sid: "4", Number: 1}, // not the fourth
		`statement "All, now"`: {Sid: "All, now", Number: 1},
	} {
		if got := of.String(); got != want {
			t.Errorf("%#v is %s, want %s", of, got, want)
		}
	}
}
