// Package weekly is the posture of one week, on one page: what could be seen,
// what fails and what changed, what is accepted and until when, what is due
// and whose it is. Collect makes the page of what the store holds, without a
// call to a cloud; JSON, CSV and HTML write it; Keep stores it once.
//
// All of a page comes from runs, which are never rewritten, so the page of an
// old week can be made again. The runs that are compared are those of the
// week and the last one of each week before; between them the same rules hold as
// for alerts (package drift). What was not read counts as unknown. What cannot be
// read of the store is named on the page and counts as not read.
package weekly

import (
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// Page is the posture of one week. Names in it were chosen by strangers.
type Page struct {
	ID     string    `json:"id"` // the same evidence and configuration give the same id
	Week   Week      `json:"week"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`    // the first moment after the week
	AsOf   time.Time `json:"as_of"` // from where it is counted what is due and what expires: the week's end, or when the page was made
	Made   time.Time `json:"made"`
	Tool   string    `json:"tool"`         // version of the program that made the page
	Period float64   `json:"period_hours"` // hours between runs, as configured
	Config string    `json:"config"`       // digest of the configuration that the page was made with
	Chain  Chain     `json:"chain"`

	Headline  string   `json:"headline"`
	NotEnough []string `json:"not_enough_data,omitempty"` // why the page cannot say how things are

	Series    []Series        `json:"scopes"`
	Coverage  Coverage        `json:"coverage"`
	Resources int             `json:"resources"` // read by the last runs
	Listings  int             `json:"listings"`  // of the last runs, asked for
	Listed    int             `json:"listed"`    // of these, complete
	Refused   List[Refused]   `json:"refused"`
	Unread    List[Unread]    `json:"unread"` // what of the store could not be read
	Findings  Balance         `json:"findings"`
	Rules     Balance         `json:"rules"`
	Failing   List[RuleCount] `json:"failing_rules"`

	Categories []Category   `json:"categories"`
	Criteria   []Criterion  `json:"criteria"`
	Movement   Movement     `json:"movement"`
	Began      List[Row]    `json:"began"` // in the week: regressed and appeared, the most severe first
	Ended      List[Row]    `json:"ended"` // fixed in the week, the most severe first
	Open       List[Row]    `json:"open"`  // failing and not exempted: the most severe first, then by rule, the longest first
	Oldest     List[Row]    `json:"oldest"`
	Ages       []Age        `json:"ages"`   // of what is open, the youngest first
	Shares     []Share      `json:"shares"` // what is open by provider, then by category
	Due        []Due        `json:"due"`
	Fixed      []Fixed      `json:"time_to_fix"`
	Exemptions Exemptions   `json:"exemptions"`
	Population Population   `json:"population"`
	Changed    List[Change] `json:"rule_changes"`
	Owners     Owners       `json:"owners"`
	Accounts   List[Owner]  `json:"accounts"`
	Trend      []Point      `json:"trend"` // the oldest week first
}

// List is the first entries of a list and how many more there are.
type List[T any] struct {
	Items []T `json:"items"`
	More  int `json:"more,omitempty"`
}

// Chain is the end of the chain of manifests when the page was made.
type Chain struct {
	Sequence int    `json:"sequence"`
	Manifest string `json:"manifest"` // hex sha256
	Unread   bool   `json:"unread,omitempty"`
}

// Series says which runs of one scope there should have been in the week, and
// what came of them.
type Series struct {
	Name         string        `json:"name"`
	First        time.Time     `json:"first,omitzero"`          // slot of its first run in the weeks that the trend shows
	OnlyNarrowed bool          `json:"only_narrowed,omitempty"` // all its runs were asked for less than the configuration, or it names no accounts
	Expected     int           `json:"expected"`                // periods of the week that are over
	Complete     int           `json:"complete"`
	Degraded     int           `json:"degraded"`
	Failed       int           `json:"failed"`
	Unfinished   int           `json:"unfinished"`
	Missed       int           `json:"missed"`               // periods without a run that was finished and read something
	Narrowed     int           `json:"narrowed,omitempty"`   // runs that were asked for less than the configuration: not counted above
	Unreadable   int           `json:"unreadable,omitempty"` // runs whose record in the store is damaged
	Compared     int           `json:"compared"`             // runs of the week that the page was made of
	Last         *Last         `json:"last,omitempty"`       // the last of these
	Previous     posture.RunID `json:"previous,omitempty"`   // the run of the weeks before with which it is compared
	LastWeek     bool          `json:"last_week"`            // Previous is of the week right before
}

// Last is the run that tells how things stand.
type Last struct {
	Run      posture.RunID    `json:"run"`
	Slot     time.Time        `json:"slot"`
	Outcome  snapshot.Outcome `json:"outcome"`
	Sequence int              `json:"sequence"` // in the chain of manifests
	Tool     string           `json:"tool"`
	Build    string           `json:"build,omitempty"`
	Config   string           `json:"config"` // digest
	Rules    string           `json:"rules"`  // digest
	Targets  int              `json:"targets"`
	Scanned  int              `json:"scanned"`
	Coverage Coverage         `json:"coverage"` // of this scope
}

// Coverage is what was read of what should have been: under its floor data is not
// enough.
type Coverage struct {
	drift.Coverage
	Percent float64 `json:"percent"` // of all, rounded down to a tenth; 0 of nothing
}

// Refused is a target that could not be read in full.
type Refused struct {
	Target posture.Target `json:"target"`
	Cause  posture.Cause  `json:"cause"` // of most findings
	Causes int            `json:"causes"`
}

// Unread is something that the store should hold and does not, or not as it
// was written.
type Unread struct {
	Run    posture.RunID `json:"run"`
	Target string        `json:"target,omitempty"` // empty: the run itself
	Why    string        `json:"why"`
}

// Counts are findings, or rules, by what they are.
type Counts struct {
	Failing       int `json:"failing"`
	Exempted      int `json:"exempted"` // failing, and accepted for now
	Unknown       int `json:"unknown"`
	Passing       int `json:"passing"`
	NotApplicable int `json:"not_applicable,omitempty"` // rules only: there is nothing that they judge
}

// Total returns how many there are, without those that do not apply.
func (c Counts) Total() int { return c.Failing + c.Exempted + c.Unknown + c.Passing }

// Balance is the counts now, and those of the last run before the week, if
// every scope has both.
type Balance struct {
	Now    Counts  `json:"now"`
	Before *Counts `json:"before,omitempty"`
}

// RuleCount is one rule and its findings.
type RuleCount struct {
	Rule     string           `json:"rule"`
	Title    string           `json:"title"`
	Severity posture.Severity `json:"severity"`
	SOC2     []string         `json:"soc2"`
	Counts   Counts           `json:"counts"`
	Before   *int             `json:"failing_before,omitempty"`
	Open     int              `json:"open"` // its rows, those included that a list leaves out

	Provider  posture.Provider `json:"provider,omitempty"`
	Category  posture.Category `json:"category,omitempty"`
	Why       string           `json:"why,omitempty"`
	Note      string           `json:"note,omitempty"`      // what the command does, and what to watch
	Reference string           `json:"reference,omitempty"` // the first of the rule's
}

// Criterion is what rules and people have to say of a criterion. Rules only
// support one: there is no state in which it is met.
type Criterion struct {
	ID       string   `json:"id"`
	Category string   `json:"category"`
	Summary  string   `json:"summary"`
	State    State    `json:"state"`
	Rules    Counts   `json:"rules"`             // that support it
	Failing  []string `json:"failing,omitempty"` // their ids
	Open     int      `json:"open"`              // findings of these rules
	Needs    string   `json:"needs"`             // what only a person can show
}

// States lists the states, those first that ask for something.
var States = []State{Gap, NotJudged, Accepted, NotCovered, Manual, NoGap} //nolint:gochecknoglobals // constant

// State is what can be said of a criterion.
type State string

// The states, a closed set.
const (
	Gap        State = "gap"             // a rule that supports it fails
	NotJudged  State = "not judged"      // none fails, but some could not be judged
	Accepted   State = "gap accepted"    // what fails is exempted for now
	NoGap      State = "no gap found"    // no rule that supports it fails; people show the rest
	NotCovered State = "not covered"     // no rule that is in use and has something to judge supports it
	Manual     State = "evidence needed" // no cloud setting can speak for it
)

// Category sums up the criteria of one category.
type Category struct {
	Name     string        `json:"name"`
	Criteria int           `json:"criteria"`
	States   map[State]int `json:"states"`
}

// Movement is what began and ended to fail in the week.
type Movement struct {
	Regressed int      `json:"regressed"`  // passed before
	Appeared  int      `json:"appeared"`   // of resources that were not there before
	Reopened  int      `json:"reopened"`   // of both: had been fixed before, however long ago
	Accepted  int      `json:"accepted"`   // of Regressed and Appeared: under an exemption from the start
	FirstLook int      `json:"first_look"` // found by the first look at a target or a region
	ByRules   int      `json:"by_rules"`   // because a rule is new or was changed
	Lapsed    int      `json:"lapsed"`     // exemptions that ended, by findings that still failed
	Closed    []Closed `json:"closed"`     // by reason, all of them
	Open      int      `json:"open"`       // failing and not exempted at the end, those included that could not be read then
	Stale     int      `json:"stale"`      // of Open: not read by the last run
}

// Closed is how many findings ended for one reason.
type Closed struct {
	Reason drift.Reason `json:"reason"`
	Count  int          `json:"count"`
}

// Row is one finding: open, or one that began or ended to fail in the week.
type Row struct {
	Fingerprint string           `json:"fingerprint"`
	Rule        string           `json:"rule"`
	Title       string           `json:"title,omitempty"` // of the rule; "" for one that is no longer in use
	Severity    posture.Severity `json:"severity"`
	Provider    posture.Provider `json:"provider,omitempty"`
	Account     string           `json:"account"`
	AccountName string           `json:"account_name,omitempty"`
	Region      string           `json:"region"`
	Type        string           `json:"type,omitempty"`
	Resource    string           `json:"resource"`
	Name        string           `json:"name"`
	Owner       string           `json:"owner,omitempty"`
	Link        string           `json:"link,omitempty"`     // where the provider's console shows it; "" for nowhere
	Sentence    string           `json:"sentence,omitempty"` // how it fails; "" where the rule's title has to do
	Command     string           `json:"command,omitempty"`  // what fixes it, for a shell; "" for none
	Evidence    []posture.Value  `json:"evidence,omitempty"` // what the rule read, the first of it
	Since       time.Time        `json:"since,omitzero"`     // when it was first seen failing
	LastPass    time.Time        `json:"last_pass,omitzero"` // when it was last seen passing before that; zero: never
	Earlier     bool             `json:"earlier"`            // it was never seen passing, so that it may fail for longer
	Stale       bool             `json:"stale,omitempty"`    // not read by the last run
	Due         time.Time        `json:"due,omitzero"`       // by when it is to be fixed; zero: no time is set
	PastDue     bool             `json:"past_due,omitempty"`

	// Of what began and ended in the week.
	Kind     drift.Kind   `json:"kind,omitempty"`
	At       time.Time    `json:"at,omitzero"` // slot of the run that saw it
	Reopened bool         `json:"reopened,omitempty"`
	Accepted bool         `json:"accepted,omitempty"` // under an exemption from the start
	Now      string       `json:"now,omitempty"`      // what became of it by the end of the week: fails, passes, accepted, not read, gone
	Took     *drift.Range `json:"took,omitempty"`     // of what was fixed: how long it had failed
}

// Age is what is open and for how long.
type Age struct {
	Name       string     `json:"name"` // "1 to 4 weeks"
	Severities Severities `json:"severities"`
}

// Share is what is open of one provider or category.
type Share struct {
	Of         string     `json:"of"` // provider, category
	Name       string     `json:"name"`
	Severities Severities `json:"severities"`
}

// Due is the open findings of one severity.
type Due struct {
	Severity posture.Severity `json:"severity"`
	Days     int              `json:"days,omitempty"` // to fix one; 0: none are set
	Open     int              `json:"open"`
	PastDue  int              `json:"past_due"`
}

// Fixed is how long what was fixed in the week had failed.
type Fixed struct {
	Severity posture.Severity `json:"severity,omitempty"` // empty: all
	Count    int              `json:"count"`
	Median   drift.Range      `json:"median"`
	Worst    drift.Range      `json:"worst"`
}

// Exemptions are the accepted findings.
type Exemptions struct {
	Active   int             `json:"active"`
	New      int             `json:"new"`       // made this week
	Within30 int             `json:"within_30"` // days from now they expire, those included that do so earlier
	Within14 int             `json:"within_14"`
	Within7  int             `json:"within_7"`
	Expired  int             `json:"expired"` // and the findings still fail
	Items    List[Exemption] `json:"items"`   // those that are active or whose findings still fail, by their last days
}

// Exemption is one of them. What is not in the configuration any more is
// known by its id and last day only.
type Exemption struct {
	ID         string      `json:"id"`
	Rule       string      `json:"rule"`
	Covers     string      `json:"covers"` // account, resource and tags, as configured
	Reason     string      `json:"reason"`
	Ticket     string      `json:"ticket,omitempty"`
	Requested  string      `json:"requested_by"`
	Approved   string      `json:"approved_by"`
	Control    string      `json:"compensating_control,omitempty"`
	Created    posture.Day `json:"created"`
	Expires    posture.Day `json:"expires"` // the last day on which it holds
	Left       int         `json:"days_left"`
	New        bool        `json:"new,omitempty"`
	Expired    bool        `json:"expired,omitempty"`
	Withdrawn  bool        `json:"withdrawn,omitempty"` // no longer in the configuration
	Failing    int         `json:"failing"`             // findings that it is for
	Resources  []string    `json:"resources,omitempty"` // names of the first of them
	MoreOfThem int         `json:"more_resources,omitempty"`
}

// Population is what there is to judge.
type Population struct {
	Targets  int              `json:"targets"`
	Before   *int             `json:"targets_before,omitempty"`
	Added    List[string]     `json:"added"`
	Removed  List[string]     `json:"removed"`
	Types    List[TypeChange] `json:"types"`    // whose count moved by more than a tenth
	Unjudged List[TypeChange] `json:"unjudged"` // that were listed, but for which there is no rule
}

// TypeChange is how many resources of a type there are.
type TypeChange struct {
	Type    string `json:"type"`
	Now     int    `json:"now"`
	Before  int    `json:"before"`
	Partial bool   `json:"partial,omitempty"` // a listing was not complete: a count may be too low
}

// Change is a rule that is not as it was the week before.
type Change struct {
	Rule     string           `json:"rule"`
	Title    string           `json:"title"`
	Severity posture.Severity `json:"severity"`
	Kind     ChangeKind       `json:"kind"`
	ToFail   int              `json:"to_fail"` // findings that it flipped
	ToPass   int              `json:"to_pass"`
}

// ChangeKind says how a rule changed.
type ChangeKind string

// The kinds, a closed set. A changed parameter changes a rule.
const (
	RuleNew     ChangeKind = "new"
	RuleChanged ChangeKind = "changed"
	RuleRemoved ChangeKind = "removed"
)

// Owners are whose the open findings are.
type Owners struct {
	List[Owner]
	Unowned Owner `json:"unowned"`
}

// Owner is how much one owner has to do, or what is open in one account.
type Owner struct {
	Name       string     `json:"name"`
	Title      string     `json:"title,omitempty"` // of an account: the name that people use for it
	Open       int        `json:"open"`
	PastDue    int        `json:"past_due"`
	Severities Severities `json:"severities,omitempty"` // of Open
}

// Point is how things stood at the end of one week.
type Point struct {
	Week    Week            `json:"week"`
	Runs    []posture.RunID `json:"runs"`              // the last of each scope; none: nothing is known
	Missing []string        `json:"missing,omitempty"` // scopes that had no run
	Counts  Counts          `json:"counts"`            // findings
	Failing Severities      `json:"failing"`           // of Counts; null in pages of earlier versions
	Percent float64         `json:"coverage"`          // as in Coverage
}
