package scanners

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"
)

// TestIssuedForms makes credentials of each form of the data, and finds them
// alone, in an assignment and in a connection string.
func TestIssuedForms(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	if len(issuedForms) < 100 {
		t.Fatalf("%d forms", len(issuedForms))
	}
	for _, form := range issuedForms {
		expr, err := syntax.Parse(form.Regex, syntax.Perl)
		if err != nil {
			t.Fatalf("%s: %v", form.ID, err)
		}
		text := randomForm(t, form, expr, chance)
		for _, around := range []string{text, "TOKEN='" + text + "'", `{"token": "` + text + `"}`, "a=b\ntoken: " + text + "\n"} {
			if !HoldsCredential(around) {
				t.Errorf("%s: not found in %q", form.ID, around)
			}
		}
	}
}

// randomForm returns a text that an expression matches, and that is as random
// as the form wants.
func randomForm(t *testing.T, form *credentialForm, expr *syntax.Regexp, chance *rand.Rand) string {
	t.Helper()
	for range 1000 {
		var b strings.Builder
		write(&b, expr, chance)
		text := strings.TrimSpace(b.String())
		if found := form.credentials(text); len(found) > 0 && form.mayBeIn(strings.ToLower(text)) && !standsIn(found[0]) && !form.excepted(found[0]) {
			return text
		}
	}
	t.Fatalf("%s: no text of 1000 has the form", form.ID)
	return ""
}

// write writes a random text that the expression matches, but for the places
// where it looks around.
func write(b *strings.Builder, expr *syntax.Regexp, chance *rand.Rand) {
	switch expr.Op {
	case syntax.OpLiteral:
		b.WriteString(string(expr.Rune))
	case syntax.OpCharClass:
		pair := 2 * chance.IntN(len(expr.Rune)/2)
		low, high := expr.Rune[pair], min(expr.Rune[pair+1], max(expr.Rune[pair], '~'))
		b.WriteRune(low + rune(chance.IntN(int(high-low)+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('.') // as it is meant, where an expression forgot to say so
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range expr.Sub {
			write(b, sub, chance)
		}
	case syntax.OpAlternate:
		write(b, expr.Sub[chance.IntN(len(expr.Sub))], chance)
	default:
		least, most := repeats(expr)
		for range least + chance.IntN(most-least+1) {
			write(b, expr.Sub[0], chance)
		}
	}
}

// repeats returns how often what an expression repeats may come.
func repeats(expr *syntax.Regexp) (least, most int) {
	switch expr.Op {
	case syntax.OpStar:
		return 0, 20
	case syntax.OpPlus:
		return 1, 20
	case syntax.OpQuest:
		return 0, 1
	case syntax.OpRepeat:
		if expr.Max < 0 {
			return expr.Min, expr.Min + 20
		}
		return expr.Min, expr.Max
	default:
		return 0, 0 // the begin, the end, the edge of a word
	}
}

// TestStandIns: what documentation shows, and what is yet to be filled in.
func TestStandIns(t *testing.T) {
	for _, text := range []string{
		"ghp_" + strings.Repeat("x", 36), "glpat-" + strings.Repeat("x", 20),
		"npm_" + "abcdefghijklmnopqrstuvwxyz0123456789", "eyJhbGciOiJIUzI1NiJ9" + ".eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIn0." + "q7Zr2KxWb9TfLm4HnVc8Yd3Gs6Jp5",
	} {
		if HoldsCredential(text) {
			t.Errorf("%q is no credential", text)
		}
	}
}

func BenchmarkHoldsCredential(b *testing.B) {
	text := strings.Repeat("LOG_LEVEL=info\nDATABASE_HOST=db.example.com\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		HoldsCredential(text)
	}
}
