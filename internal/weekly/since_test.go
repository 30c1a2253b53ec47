package weekly_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/weekly"
)

// years is a store in which runs are published, as alerts see them.
type years struct {
	*story
	auditor *audit.Auditor
	alerts  []drift.Alert
}

func newYears(t *testing.T) *years {
	y := &years{story: newStory(t)}
	attempts := 0
	y.auditor = &audit.Auditor{Store: y.store, Config: config.Default(), Attempt: func() string { attempts++; return fmt.Sprint("a", attempts) }}
	y.auditor.Config.Alerts.Severities = posture.Severities
	return y
}

// publish does a run, publishes it and keeps its alerts.
func (y *years) publish(slot time.Time) {
	y.t.Helper()
	y.runAt(slot, snapshot.Unfinished)
	id, err := posture.NewRunID(slot, y.scope)
	y.need(err)
	run, err := snapshot.LoadRun(y.t.Context(), y.store, id)
	y.need(err)
	for _, target := range run.Targets {
		y.write(run, target)
	}
	y.auditor.Now = func() time.Time { return slot.Add(time.Hour) }
	published, err := y.auditor.Publish(y.t.Context(), id)
	y.need(err)
	y.alerts = append(y.alerts, published.Alerts...)
}

// span is what is said of one failing.
type span struct {
	Fingerprint               string
	LastPass, FirstFail, Seen time.Time
	Lasted                    drift.Range
}

// told returns what alerts of the week said regressed, and was fixed.
func (y *years) told(of weekly.Week) (began, fixed []span) {
	for _, a := range y.alerts {
		if weekly.Of(a.Time) != of {
			continue
		}
		for _, r := range a.Resources {
			s := span{Fingerprint: r.Fingerprint, LastPass: r.LastPass, FirstFail: r.FirstFail, Seen: a.Time}
			switch {
			case a.Kind == drift.Regressed || a.Kind == drift.Appeared:
				began = append(began, s)
			case a.Reason == drift.ReasonFixed:
				s.Lasted = r.Lasted(a.Time)
				fixed = append(fixed, s)
			}
		}
	}
	return began, fixed
}

// shownOf returns what the page says of its rows.
func shownOf(rows []weekly.Row) []span {
	var spans []span
	for _, r := range rows {
		s := span{Fingerprint: r.Fingerprint, LastPass: r.LastPass, FirstFail: r.Since, Seen: r.At}
		if r.Took != nil {
			s.Lasted = *r.Took
		}
		spans = append(spans, s)
	}
	return spans
}

// live is the findings of the simulation: each rule has one that fails from the
// first day on, and some that come and go.
func (y *years) live(random *rand.Rand, marks map[string][]byte) {
	found := map[string][]string{}
	for _, r := range y.rules {
		for i := range marks[r.ID] {
			switch chance := random.IntN(100); {
			case i == 0:
			case chance < 6:
				marks[r.ID][i] = map[byte]byte{'+': '-', '-': '+'}[marks[r.ID][i]]
			}
			mark := marks[r.ID][i]
			if random.IntN(40) == 0 {
				mark = '?'
			}
			found[r.ID] = append(found[r.ID], fmt.Sprintf("%c%s-%d", mark, r.Type, i))
		}
	}
	y.has(one, found)
}

// TestSinceIsThatOfAlerts simulates forty weeks, one of them with a run every
// three hours and one without any, and compares every page with the alerts:
// what began and what was fixed, and the bounds of how long it lasted, are the
// same. So is since when what is open fails, whatever the weeks that a page
// looks at.
func TestSinceIsThatOfAlerts(t *testing.T) {
	const weeks, busy, silent = 40, 20, 30
	y := newYears(t)
	random := rand.New(rand.NewPCG(1, 2))
	marks := map[string][]byte{}
	for _, r := range y.rules {
		marks[r.ID] = []byte("-++-+")
	}
	first := monday.AddDate(0, 0, -7*weeks)
	slots := map[weekly.Week]bool{}
	for n := range weeks {
		every := 24
		if n == busy {
			every = 3
		}
		for hour := 0; hour < 7*24 && n != silent; hour += every {
			y.live(random, marks)
			slot := first.AddDate(0, 0, 7*n).Add(time.Duration(hour) * time.Hour)
			y.publish(slot)
			slots[weekly.Of(slot)] = true
		}
	}
	failing := map[string]span{} // since when each finding fails, by what alerts said
	compared, latest := 0, weekly.Of(first)
	for n := range weeks {
		of := weekly.Of(first).Before(-n)
		began, fixed := y.told(of)
		for _, s := range began {
			failing[s.Fingerprint] = s
		}
		o := options()
		o.Week, o.Now, o.Config = of, of.End().Add(12*time.Hour), y.auditor.Config
		if !slots[of] {
			continue
		}
		latest = of
		page := y.page(o)
		same(t, of, "began", began, shownOf(page.Began.Items))
		same(t, of, "fixed", fixed, shownOf(page.Ended.Items))
		compared += len(began) + len(fixed)
		for _, r := range page.Open.Items {
			want, told := failing[r.Fingerprint]
			if !told {
				want.FirstFail = first // the first scan found it
			}
			if !r.Since.Equal(want.FirstFail) || !told != r.Earlier {
				t.Errorf("%s: %s fails since %s (earlier: %t), alerts said %s", of, r.Name, r.Since, r.Earlier, want.FirstFail)
			}
			if late := r.Since.AddDate(0, 0, o.Config.Alerts.DueDays[r.Severity]).Before(of.End()); r.PastDue != late {
				t.Errorf("%s: %s of severity %s is past due: %t", of, r.Name, r.Severity, r.PastDue)
			}
		}
	}
	if compared < 200 || latest != week.Before(1) {
		t.Errorf("compared %d changes, the last ones of %s", compared, latest)
	}
}

func same(t *testing.T, of weekly.Week, what string, alerts, page []span) {
	t.Helper()
	if diff := cmp.Diff(bySpan(alerts), bySpan(page)); diff != "" {
		t.Errorf("%s: %s (-alerts +page)\n%s", of, what, diff)
	}
}

// bySpan returns the spans by what they say.
func bySpan(spans []span) map[string]int {
	all := map[string]int{}
	for _, s := range spans {
		all[fmt.Sprintf("%.8s passed %s failed %s seen %s lasted %v", s.Fingerprint, s.LastPass.Format(time.DateTime), s.FirstFail.Format(time.DateTime), s.Seen.Format(time.DateTime), s.Lasted)]++
	}
	return all
}

// TestSinceLost: where what was kept of the week before is damaged, the page
// says so, and a finding fails at least since the first run that is compared.
func TestSinceLost(t *testing.T) {
	for _, text := range []string{"", "nonsense"} {
		y := newYears(t)
		for day := -120; day < 7; day++ {
			y.has(one, map[string][]string{"aws-rds-backup": {map[bool]string{true: "+", false: "-"}[day < -110] + "old", "+new"}})
			y.publish(monday.AddDate(0, 0, day))
		}
		whole := y.page(options()).Open.Items[0]
		if failed := monday.AddDate(0, 0, -110); !whole.Since.Equal(failed) || whole.Earlier || !whole.PastDue {
			t.Errorf("it fails since %s (earlier: %t), past due: %t", whole.Since, whole.Earlier, whole.PastDue)
		}
		for n := range 20 {
			key := snapshot.WeekKey(one, week.Before(n).Start())
			if err := y.store.Delete(t.Context(), key); err == nil && text != "" {
				_, err = y.store.PutIfAbsent(t.Context(), key, []byte(text))
				y.need(err)
			}
		}
		page := y.page(options())
		if lost := page.Open.Items[0]; !lost.Earlier || !lost.Since.After(whole.Since) {
			t.Errorf("%q: it fails since %s (earlier: %t)", text, lost.Since, lost.Earlier)
		}
		if said := len(page.Unread.Items) > 0; said != (text != "") {
			t.Errorf("%q: the page says %+v", text, page.Unread.Items)
		}
	}
}
