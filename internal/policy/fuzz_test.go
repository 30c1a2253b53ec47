package policy

import (
	"strings"
	"testing"
)

// FuzzLoad shows that no file makes loading fail in another way than by a
// refusal, and that a rule that loads can be judged.
func FuzzLoad(f *testing.F) {
	f.Add(goodRule)
	f.Add(paramRule)
	for _, c := range refusals {
		f.Add(strings.Replace(goodRule, c.from, c.to, 1))
	}
	f.Add("id: [[[[[[{a: b}]]]]]]")
	f.Add("a: &a [*a, *a]\n")
	f.Fuzz(func(t *testing.T, content string) {
		if len(content) > 20_000 {
			return
		}
		opts := testOptions(t, map[string]string{"bucket-tls.yaml": content})
		opts.Examples = true
		p, err := Load(opts)
		if err != nil {
			if err.Error() == "" {
				t.Error("a refusal without a word")
			}
			return
		}
		if _, err := p.Judge(resource(bucket{}), exampleTime()); err != nil {
			t.Error(err)
		}
	})
}
