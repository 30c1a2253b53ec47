package iampolicy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

const (
	ownAccount = "123456789012"
	ownBucket  = "arn:aws:s3:::alpha"
)

// table is one file of cases: each group puts each of its cases into a policy
// in place of CASE and asks one question.
type table []struct {
	About    string
	Question string // "access", "trust", "federated", "audience", "grants", "deciding"
	Ask      Ask
	Policy   string
	Cases    []struct{ Name, Put, Want string }
}

func readTable(t *testing.T, file string) table {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var groups table
	if err := yaml.Unmarshal(text, &groups); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return groups
}

// TestCases asks every question of the tables. Each expects what AWS's
// documentation says of the policy.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			for _, group := range readTable(t, file) {
				want, got := map[string]string{}, map[string]string{}
				for _, c := range group.Cases {
					name := group.About + ": " + c.Name
					if _, twice := want[name]; twice {
						t.Errorf("%s is there twice", name)
					}
					policy := c.Put
					if group.Policy != "" {
						policy = strings.ReplaceAll(group.Policy, "CASE", c.Put)
					}
					want[name], got[name] = c.Want, answered(t, group.Question, policy, group.Ask)
					cases++
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
	if cases < 400 {
		t.Errorf("%d cases; there were 400", cases)
	}
}

// answered asks a question and writes the answer down on one line.
func answered(t *testing.T, question, policy string, ask Ask) string {
	t.Helper()
	if ask.Account == "" {
		ask.Account = ownAccount
	}
	if question == "grants" || question == "deciding" {
		p, err := principalOf(policy)
		if err != nil {
			return err.Error()
		}
		grants := p.Grants(AccountRef{ID: ownAccount})
		return map[string]func(Grants) string{"grants": grantsText, "deciding": decidingText}[question](grants)
	}
	if own, guards, has := strings.Cut(policy, "\nguard "); has {
		for guard := range strings.SplitSeq(guards, "\nguard ") {
			doc, err := Parse(guard)
			if err != nil {
				t.Fatal(err)
			}
			ask.Guards = append(ask.Guards, doc)
		}
		policy = own
	}
	if question == "access" {
		return verdictText(Judge(policy, ask))
	}
	doc, err := Parse(policy)
	if err != nil {
		return err.Error()
	}
	switch question {
	case "trust":
		return trustText(Trust(doc, ask))
	case "federated", "audience":
		var said []string
		for _, f := range Trust(doc, ask).Federated {
			said = append(said, map[string]string{"federated": f.Who.String(), "audience": f.Audience.String()}[question])
		}
		return strings.Join(said, ", ")
	case "denied":
		return strings.Join(Denied(doc, ask), " ")
	case "transport":
		return fmt.Sprint(DeniesInsecureTransport(doc, ask))
	default:
		t.Fatalf("no such question: %s", question)
		return ""
	}
}

func verdictText(v Verdict) string {
	said := []string{v.Reach.String()}
	said = append(said, names(v.Accounts)...)
	said = append(said, names(v.Organizations)...)
	said = append(said, v.Services...)
	if v.Reach == CannotTell && v.Statement.Number == 0 {
		return v.Reach.String() + ": " + v.Why
	}
	return strings.Join(said, " ")
}

// names returns who is let in, each once.
func names(entries []Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Who)
	}
	return slices.Compact(list)
}

func trustText(trusted Trusted) string {
	text := strings.Join(names(trusted.Unscoped), " ")
	if trusted.Unsure {
		text += " unsure"
	}
	return text
}

// principalOf takes documents of one principal, one on a line; a line may begin
// with "boundary", "guard" or "own". The first policy is called "a", the second "b".
func principalOf(text string) (Principal, error) {
	var p Principal
	for line := range strings.Lines(text) {
		of, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if of == "own" {
			p.Own = append(p.Own, rest)
			continue
		}
		if strings.HasPrefix(of, "{") {
			of, rest = "", line
		}
		doc, err := Parse(rest)
		if err != nil {
			return p, err
		}
		switch of {
		case "boundary":
			p.Boundary = &doc
		case "guard":
			p.Guards = append(p.Guards, []Document{doc})
		default:
			p.Policies = append(p.Policies, doc.Of(string(rune('a'+len(p.Policies)))))
		}
	}
	return p, nil
}

// decidingText writes down which statements decide.
func decidingText(g Grants) string {
	var said []string
	say := func(what string, by []Statement) {
		for _, s := range by {
			what += " " + s.Policy + ":" + strings.TrimPrefix(s.String(), "statement ")
		}
		if len(by) > 0 {
			said = append(said, what)
		}
	}
	each := func(what string, by []Giving) {
		for _, g := range by {
			say(what+" "+strings.Join(abridged(g.What), "+"), []Statement{g.Statement})
		}
	}
	say("everything", g.EverythingBy)
	if !g.Everything {
		each("whole", g.WholeServicesBy)
		say("decrypts", g.DecryptsAnyKeyBy)
		each("stops", g.StopsAuditingBy)
	}
	for _, w := range slices.Concat(g.Escalates, g.Borrows) {
		if !g.Everything {
			each(w.ID, w.By)
		}
	}
	return strings.Join(said, "; ")
}

func grantsText(g Grants) string {
	var said []string
	say := func(what string, list ...string) {
		if len(list) > 0 {
			said = append(said, what+" "+strings.Join(list, " "))
		}
	}
	if g.Everything {
		said = append(said, "everything")
	}
	say("whole", abridged(g.WholeServices)...)
	if g.DecryptsAnyKey {
		said = append(said, "decrypts")
	}
	say("stops", abridged(g.StopsAuditing)...)
	say("escalates", abridged(ids(g.Escalates))...)
	say("borrows", abridged(ids(g.Borrows))...)
	say("unsure of", g.Unsure...)
	if len(said) == 0 {
		return "nothing"
	}
	return strings.Join(said, "; ")
}

func ids(ways []Way) []string {
	var list []string
	for _, w := range ways {
		list = append(list, w.ID)
	}
	return list
}

// abridged counts what is left of a long list.
func abridged(list []string) []string {
	if len(list) <= 4 {
		return list
	}
	return append(list[:3:3], fmt.Sprintf("+%d", len(list)-3))
}
