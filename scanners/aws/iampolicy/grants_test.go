package iampolicy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWaysAreKnown holds that each action of the tables is one that AWS has.
func TestWaysAreKnown(t *testing.T) {
	named := append([]string{"kms:Decrypt", "kms:ReEncryptFrom"}, stopping...)
	seen := map[string]bool{}
	for _, w := range ways {
		if seen[w.id] || w.source == "" || len(w.needs) == 0 {
			t.Errorf("way %s is there twice, or without source or needs", w.id)
		}
		seen[w.id] = true
		named = append(named, w.needs...)
		if passes := w.needs[0] == "iam:PassRole"; passes != (w.kind == passesRole) || passes != (len(w.passes) > 0) {
			t.Errorf("way %s passes a role to %v", w.id, w.passes)
		}
	}
	for _, action := range named {
		if _, known := actionTypes[strings.ToLower(action)]; !known {
			t.Errorf("%s is not in reference_data.go: run scripts/iamref again", action)
		}
	}
}

// TestEveryWay goes each way alone: all of its actions on everything open it,
// and all but one of them do not.
func TestEveryWay(t *testing.T) {
	for _, w := range ways {
		for left := -1; left < len(w.needs); left++ {
			var p Principal
			for i, action := range w.needs {
				if i != left {
					p.Policies = append(p.Policies, allows(t, action, "*"))
				}
			}
			want := yes
			if left >= 0 {
				want = no
			}
			got, by := w.openTo(p.in(AccountRef{ID: ownAccount}))
			if got != want {
				t.Errorf("%s without need %d: %v", w.id, left, got)
			}
			if got == yes {
				checkNamed(t, w, by)
			}
		}
	}
}

// TestEveryWayByPattern goes each way with the patterns that the reference
// gives for each action's own resources.
func TestEveryWayByPattern(t *testing.T) {
	account := AccountRef{ID: ownAccount, Partition: "aws-us-gov"}
	for _, w := range ways {
		var p Principal
		for _, action := range w.needs {
			resources := account.resources(wanted(action).types(), "us-gov-west-1")
			if len(resources) == 0 {
				resources = []string{"*"}
			}
			p.Policies = append(p.Policies, allows(t, action, resources...))
		}
		got, by := w.openTo(p.in(account))
		if got != yes {
			t.Errorf("%s: %v", w.id, got)
		}
		checkNamed(t, w, by)
	}
}

// checkNamed holds that a way, each action of which is in a policy of its own, named
// after it, names the statement of each.
func checkNamed(t *testing.T, w way, got []Giving) {
	t.Helper()
	var want []Giving
	for _, action := range w.needs {
		want = append(want, Giving{Statement{Policy: action, Number: 1}, []string{action}})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s by (-want +got):\n%s", w.id, diff)
	}
}

func allows(t *testing.T, action string, resources ...string) Document {
	t.Helper()
	doc, err := Parse(`{"Statement":{"Effect":"Allow","Action":"` + action + `","Resource":["` + strings.Join(resources, `","`) + `"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Of(action)
}

func TestChinaPassesToItsOwnServices(t *testing.T) {
	passing, err := Parse(`{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws-cn:iam::123456789012:role/*",
		"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com.cn"}}},{"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	p := Principal{Policies: []Document{passing}}
	if diff := cmp.Diff([]string{"ec2-001"}, ids(p.Grants(AccountRef{ID: ownAccount, Partition: "aws-cn"}).Escalates)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkGrants(b *testing.B) {
	doc, err := Parse(`{"Statement":[{"Effect":"Allow","NotAction":"organizations:*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::123456789012:role/x"}]}`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		grantsTo(doc)
	}
}
