package iampolicy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func FuzzJudge(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"*","Service":["s"]},"NotAction":["a:b"],"NotResource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:SourceArn":["arn:aws:s3:::*",1,true]}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"*","Resource":"${aws:username}"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Parse(text)
		for _, ask := range asks {
			verdict := Judge(text, ask)
			var problem *Error
			if errors.As(err, &problem) {
				if verdict.Reach != CannotTell || verdict.Why != string(problem.Reason) {
					t.Errorf("a document that cannot be parsed got %+v", verdict)
				}
				continue
			}
			Trust(doc, ask)
			Denied(doc, ask)
			DeniesInsecureTransport(doc, ask)
		}
		grantsTo(doc)
	})
}

func FuzzPatterns(f *testing.F) {
	f.Add("a*c?", "ab*", "abc")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		if len(a)+len(b)+len(text) > 300 {
			return
		}
		text = strings.NewReplacer("*", "", "?", "").Replace(text)
		if match(a, text) && match(b, text) && !overlaps(a, b) {
			t.Errorf("%q and %q match %q but do not overlap", a, b, text)
		}
		if covers(a, b) && match(b, text) && !match(a, text) {
			t.Errorf("%q covers %q but does not match %q", a, b, text)
		}
		if overlaps(a, b) != overlaps(b, a) || overlaps(a, text) != match(a, text) {
			t.Errorf("overlaps of %q, %q and %q", a, b, text)
		}
	})
}

// TestBounded judges documents as large and as awkward as they may be.
func TestBounded(t *testing.T) {
	slow := "*" + strings.Repeat("a", maxText/2) + "b*"
	long := `"` + strings.Repeat("a", maxText) + `"`
	statement := func(effect, action, resource string) string {
		return `{"Effect":"` + effect + `","Principal":"*","Action":` + action + `,"Resource":` + resource + `}`
	}
	var many []string
	for i := 0; i < 24; i++ {
		many = append(many, statement("Allow", `"*"`, long), statement("Deny", `"*"`, `"`+slow+`"`))
	}
	var small []string
	for i := 0; i < 330; i++ {
		small = append(small, statement("Allow", `"sqs:*"`, `"*"`), statement("Deny", `"sqs:a*"`, `"*"`))
	}
	for name, list := range map[string][]string{"long patterns": many, "many statements": small} {
		text := `{"Statement":[` + strings.Join(list, ",") + `]}`
		begun := time.Now()
		verdict := Judge(text, Ask{Service: "sqs", Account: ownAccount})
		if took := time.Since(begun); took > 30*time.Second || verdict.Reach != Public {
			t.Errorf("%s, %d bytes: %+v after %v", name, len(text), verdict, took)
		}
	}
	for name, text := range map[string]string{
		"too large":       `{"Statement":[` + strings.Repeat(" ", maxBytes) + `]}`,
		"text too long":   `{"Statement":{"Effect":"Allow","Action":"` + strings.Repeat("a", maxText+1) + `"}}`,
		"too many":        `{"Statement":[` + strings.Repeat(`{"Effect":"Deny","Action":"*"},`, maxStatements) + `{"Effect":"Deny","Action":"*"}]}`,
		"nested for ever": `{"Statement":` + strings.Repeat("[", maxBytes-20),
	} {
		if verdict := Judge(text, Ask{}); verdict.Reach != CannotTell || verdict.Why != string(TooLarge) && verdict.Why != string(TooDeep) {
			t.Errorf("%s: %+v", name, verdict)
		}
	}
}
