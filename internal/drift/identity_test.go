package drift_test

import (
	"testing"
	"time"

	"posture/internal/posture"
)

// TestUnreadIdentity holds that a name and an owner that a run could not read
// stay as they were last read, in the notified state and in the alert.
func TestUnreadIdentity(t *testing.T) {
	for name, row := range map[string]struct {
		first, then func(*posture.Finding)
		name, owner string
	}{
		"both read": {named("a", "web"), named("b", "shop"), "b", "shop"},
		"the name unread": {named("a", "web"), func(f *posture.Finding) {
			f.Name, f.NameUnread, f.Owner = "id", true, "shop"
		}, "a", "shop"},
		"the owner unread": {named("a", "web"), func(f *posture.Finding) {
			f.Name, f.Owner, f.OwnerUnread = "b", "", true
		}, "b", "web"},
		"never read": {func(f *posture.Finding) { f.Name, f.NameUnread, f.OwnerUnread = "id", true, true }, func(f *posture.Finding) {
			f.Name, f.NameUnread, f.OwnerUnread = "id", true, true
		}, "id", ""},
		"an owner taken away": {named("a", "web"), named("a", ""), "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := sample{at: start}, &memory{}
			in, findings := s.run("p")
			row.first(&findings[0])
			if _, _, err := m.compare(in, findings); err != nil {
				t.Fatal(err)
			}
			s.at = s.at.Add(time.Hour)
			in, findings = s.run("f")
			row.then(&findings[0])
			changes, _, err := m.compare(in, findings)
			if err != nil || len(changes) != 1 {
				t.Fatal(changes, err)
			}
			for what, got := range map[string][2]string{
				"remembered": {m.told[0].Name, m.told[0].Owner}, "told": {changes[0].Resource.Name, changes[0].Resource.Owner},
			} {
				if got != [2]string{row.name, row.owner} {
					t.Errorf("%s as %q, want %q of %q", what, got, row.name, row.owner)
				}
			}
		})
	}
}

// named sets what a finding says of its resource.
func named(name, owner string) func(*posture.Finding) {
	return func(f *posture.Finding) { f.Name, f.Owner = name, owner }
}
