package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// slips are mistakes that people make in expressions.
var slips = []string{
	// Names.
	`resource.polcy.tls`,
	`resource.policy.tsl`,
	`resource.statements.exists(s, s.efect == "Allow")`,
	`bucket.policy.tls`,
	`resorce.policy.tls`,
	`params.max_days > 1`,
	`resource.policy.tls == True`,
	`resource.owner == nobody`,
	`len(resource.grants) > 1`,
	`resource.owner.contain("a")`,
	`resource.owner.startswith("a")`,
	`resource["days"] > 1`,

	// Kinds of values.
	`resource.days == "7"`,
	`resource.days > 7.5`,
	`resource.ratio > 7`,
	`resource.created > "2026-01-01"`,
	`resource.policy.tls == "true"`,
	`resource.policy == true`,
	`resource.tags.team == 1`,
	`resource.grants == "a"`,
	`resource.policy.tls && resource.days`,
	`resource.owner || resource.policy.tls`,
	`!resource.owner`,
	`resource.days ? true : false`,
	`resource.policy.tls ? 1 : "a"`,
	`resource.grants.contains("a")`,
	`resource.days.contains("a")`,
	`"a" in resource.owner`,
	`resource.owner in resource.days`,
	`1 in resource.grants`,
	`resource.days.all(d, d > 1)`,
	`resource.days + resource.owner == "1"`,
	`now - resource.created > 30`,
	`now - resource.created > duration("30d")`,
	`resource.grants[0] == 1`,
	`resource.grants["a"] == "b"`,
	`size(resource.days) > 1`,
	`resource.owner.matches("[")`,
	`resource.days.tls`,
	`resource.owner.size == 1`,
	`resource.days`,
	`resource.statements`,

	// Forms.
	`has(resource.policy.tls)`,
	`resource.grants.all(g == "a")`,
	`resource.grants.exists("g", true)`,
	`resource.policy.tls and resource.versioning`,
	`not resource.policy.tls`,
	`resource.policy.tls = true`,
	`resource.days => 3`,
	`resource.owner === "x"`,
	`(resource.policy.tls`,
	`resource.policy.tls)`,
	`resource.policy.tls &&`,
	`&& resource.policy.tls`,
	`resource.owner == "nobody`,
	`resource.owner == 'it's'`,
	`resource.owner == "\d+"`,
	`resource.owner == ‘nobody’`,
	`resource.policy.tls # encrypted`,
	`resource.grants == ["a", "b"`,
	`(resource.grants[0] == "a"`,
	`resource.policy..tls`,
	`resource.days > 99999999999999999999`,
	`if resource.policy.tls then true`,
}

// TestExpressionWords compares what is said of each mistake, and where, with
// testdata/expressions.golden.
func TestExpressionWords(t *testing.T) {
	var got strings.Builder
	for _, code := range slips {
		_, err := Load(testOptions(t, map[string]string{"rule.yaml": ruleText("rule", code)}))
		if err == nil {
			err = errors.New("LOADED")
		}
		fmt.Fprintf(&got, "# %s\n%s\n\n", code, err)
	}
	golden(t, "expressions.golden", got.String())
}

// TestWordsOfOneLine: what begins on the key's own line is said as that of a text.
func TestWordsOfOneLine(t *testing.T) {
	for code, want := range map[string]string{
		`len(resource.grants) > 1`:     `rule.yaml:13:10: unknown function "len": did you mean "size"?`,
		`resource.owner == ‘nobody’`:   "rule.yaml:13:28: typographic quotes: write \" or '",
		`'resource.owner == ‘nobody’'`: "rule.yaml:13:29: typographic quotes: write \" or '",
	} {
		got := loadError(t, testOptions(t, map[string]string{"rule.yaml": ruleText("rule", "resource.versioning", "applies: "+code)}))
		if !strings.HasPrefix(got, want+"\n") {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

// TestToken holds where a word begins that CEL means by a column, to both ends of
// the line.
func TestToken(t *testing.T) {
	for _, row := range []struct {
		text         string
		column, want int
	}{
		{"size(a)", 5, 1}, {"a.size(a)", 7, 3}, {"a.b", 2, 3}, {".b", 1, 2}, {"a.", 2, 3}, {"a.", 3, 3}, {"a.", 0, 0}, {"a == b", 3, 3},
	} {
		if got := token([]rune(row.text), row.column); got != row.want {
			t.Errorf("%q at %d: got %d, want %d", row.text, row.column, got, row.want)
		}
	}
}
