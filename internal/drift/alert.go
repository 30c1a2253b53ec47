package drift

import (
	"time"

	"posture/internal/posture"
)

// Shown is how many entries each list of an alert holds at most. Totals and
// counts always speak of all.
const Shown = 10

// Alert is one message to people, as data: it is stored in the outbox and may
// be rendered again later. Names in it were chosen by strangers.
//
// Which fields are set depends on Kind. Those of changes (regressed, appeared,
// resolved, deleted, exemption-expired, unstable, closed) are about one rule
// on one target: Target, Rule, Resources. The mass kinds are about many:
// Changes, Common, Rules, Targets, Resources, and Rule where all are of one.
// Baseline has Statuses, Severities, Categories, Rules, Targets, Coverage, and the
// first critical findings as Resources, the other ones as MoreResources; rules-changed has Rules
// and Targets; target-gone and target-back have Severities and Targets, and Target of one;
// scanner-problem has Problems, Accepted, Warnings, Targets, Coverage, Since and, at
// the end, Over;
// run-missed has Missed; weekly has Week, and the worst that is open as Resources.
type Alert struct {
	Key    string   `json:"key"`              // identity: the same changes of the same run have the same key, always
	Group  string   `json:"group"`            // identity without the set of changes: the name under which later alerts refer to this one
	Thread []string `json:"thread,omitempty"` // groups of the earlier alert that this one continues, the likeliest first: one of them was told; quiet when not empty

	Kind     Kind             `json:"kind"`
	Reason   Reason           `json:"reason,omitempty"` // of resolved, deleted and closed
	Run      posture.RunID    `json:"run"`
	Time     time.Time        `json:"time"`               // the run's slot
	Severity posture.Severity `json:"severity,omitempty"` // the most severe
	Due      time.Time        `json:"due,omitzero"`       // when it should be fixed; zero: no such time is set

	Target    *posture.Target `json:"target,omitempty"` // nil when several are concerned
	Rule      *posture.Rule   `json:"rule,omitempty"`   // nil when several are concerned; only ID is set for a rule that is gone
	Total     int             `json:"total"`            // findings concerned
	Resources []Resource      `json:"resources,omitempty"`
	Owners    []string        `json:"owners,omitempty"` // owners of the findings concerned, sorted

	Changes map[Kind]int  `json:"changes,omitempty"` // findings by kind of change
	Common  []Share       `json:"common,omitempty"`  // what most of the findings have in common
	Rules   []RuleCount   `json:"rules,omitempty"`   // the most severe first, then those with the most findings
	Targets []TargetCount `json:"targets,omitempty"` // those with the most findings first

	Statuses   map[string]int           `json:"statuses,omitempty"`   // findings by status: pass, fail, exempted, unknown
	Severities map[posture.Severity]int `json:"severities,omitempty"` // failing findings that are not exempted; of target-gone those that are no longer checked
	Categories map[posture.Category]int `json:"categories,omitempty"` // failing findings that are not exempted
	Problems   []Problem                `json:"problems,omitempty"`
	Accepted   []Problem                `json:"accepted,omitempty"` // scanner-problem: what is not read either, under a live exemption
	Coverage   *Coverage                `json:"coverage,omitempty"`
	Missed     *Missed                  `json:"missed,omitempty"`
	Week       *Week                    `json:"week,omitempty"`
	Link       string                   `json:"link,omitempty"`     // where the store's console shows the run; "" for nowhere
	Over       bool                     `json:"over,omitempty"`     // scanner-problem: everything can be read again but what is accepted
	Since      time.Time                `json:"since,omitzero"`     // scanner-problem: the run in which something first could not be read
	Warnings   []string                 `json:"warnings,omitempty"` // scanner-problem: what of the configuration is without effect, in a line each

	// How many entries the lists above leave out.
	MoreResources int `json:"more_resources,omitempty"`
	MoreRules     int `json:"more_rules,omitempty"`
	MoreTargets   int `json:"more_targets,omitempty"`
	MoreProblems  int `json:"more_problems,omitempty"`
	MoreAccepted  int `json:"more_accepted,omitempty"`
	MoreWarnings  int `json:"more_warnings,omitempty"`
}

// Share says how many findings of an alert have one thing in common.
type Share struct {
	Of    string `json:"of"` // rule, account, region, type, owner
	Value string `json:"value"`
	Count int    `json:"count"`
}

// RuleCount says how many findings of one rule an alert is about.
type RuleCount struct {
	Rule     string           `json:"rule"`
	Title    string           `json:"title,omitempty"`
	Severity posture.Severity `json:"severity,omitempty"`
	Count    int              `json:"count"`             // findings concerned
	Of       int              `json:"of,omitempty"`      // findings that the rule has in the run
	New      bool             `json:"new,omitempty"`     // rules-changed: the rule is new, not changed
	ToFail   int              `json:"to_fail,omitempty"` // rules-changed: findings that fail now, and did not or were not judged
	ToPass   int              `json:"to_pass,omitempty"` // rules-changed: findings that failed and pass now
}

// TargetCount says how many findings of one target an alert is about.
type TargetCount struct {
	Target posture.Target `json:"target"`
	Count  int            `json:"count"`
	Cause  *posture.Cause `json:"cause,omitempty"` // scanner-problem: why nothing of the target was read

	// Of target-gone and target-back.
	Severities map[posture.Severity]int `json:"severities,omitempty"` // the findings

	// Of target-gone.
	Listed       time.Time `json:"listed,omitzero"`        // slot of the last run that had it in scope; zero: not known
	Reconfigured bool      `json:"reconfigured,omitempty"` // the configuration has changed since that run

	// Of target-back.
	Began  int `json:"began,omitempty"`  // of the findings those that did not fail when it left
	Unread int `json:"unread,omitempty"` // findings that are not among them because they could not be read
}

// Problem is one thing that could not be read, with what is needed to read it. One
// under a live exemption is accepted: it alerts nobody.
type Problem struct {
	Cause        posture.Cause `json:"cause"`              // operation, error code and missing permission
	Count        int           `json:"count"`              // findings that are unknown because of it; 0: a listing that nothing was judged on
	Accounts     []string      `json:"accounts,omitempty"` // where, at most Shown of them
	MoreAccounts int           `json:"more_accounts,omitempty"`

	Exemption *posture.Exemption `json:"exemption,omitempty"` // live or expired
}

// Coverage compares what a run read with what it should have read.
type Coverage struct {
	Read     int     `json:"read"`               // findings that pass or fail
	Total    int     `json:"total"`              // those, the unknown ones, and those remembered that no listing showed
	Accepted int     `json:"accepted,omitempty"` // of the latter two those that are accepted as unread
	Floor    float64 `json:"floor"`              // percentage under which the run is degraded
}

// Percent returns what was read of the total, rounded down to a tenth so that
// it says 100 only when everything was read. Of nothing, everything was read.
func (c Coverage) Percent() float64 {
	if c.Total == 0 {
		return 100
	}
	return float64(c.Read*1000/c.Total) / 10
}

// Low reports whether the run read less than the floor demands of what is not
// accepted as unread.
func (c Coverage) Low() bool {
	return Coverage{Read: c.Read, Total: c.Total - c.Accepted}.Percent() < c.Floor
}

// Missing returns how many findings were not read, without those accepted.
func (c Coverage) Missing() int { return c.Total - c.Read - c.Accepted }

// Plus adds what two coverages counted.
func (c Coverage) Plus(other Coverage) Coverage {
	return Coverage{Read: c.Read + other.Read, Total: c.Total + other.Total, Accepted: c.Accepted + other.Accepted, Floor: c.Floor}
}

// Degraded reports whether a run that read this much, and could not read so
// many of its targets at all without that being accepted, is to be called degraded.
func (c Coverage) Degraded(unread int) bool { return unread > 0 || c.Low() }

// Degraded reports whether a scanner-problem alert is about a degraded run.
func (a Alert) Degraded() bool {
	return a.Kind == ScannerProblem && a.Coverage != nil && a.Coverage.Degraded(len(a.Targets)+a.MoreTargets)
}
