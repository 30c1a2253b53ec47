// Package drift compares what a run found with what people were last notified
// of, and groups what changed into alerts. It is pure: it does no I/O, takes the
// time as a value and gives the same output for the same input. How alerts are
// delivered and what they look like is not its business. Begin with
// NewCollector, give it the Summary and the Changes of each target from Compare,
// then ask for its Alerts.
//
// # From findings to changes
//
// Compare looks at one finding at a time. "Was" is what the line in Notified says,
// "is" is what the run found:
//
//	was       is        what follows
//	-         fail      appeared
//	-         pass      nothing
//	pass      fail      regressed
//	fail      pass      resolved: fixed
//	pass      pass      nothing
//	fail      fail      nothing; exemption-expired, once, when it is no longer accepted
//	any       unknown   nothing: the line stays as it is and notes since when and why
//	unknown   any       as if the unknown had not been; what was never read is "-"
//	fail      absent    deleted, closed or nothing: see below
//	pass      absent    forgotten where deleted or closed is said of a fail, else nothing
//
// What configuration and rules do to findings says nothing of the resources:
//
//   - What the first run of a target finds failing is only counted, for one
//     Baseline alert; so is what the first run of a region finds.
//   - What a new rule finds failing, and what a changed rule flips, is only
//     counted, for one RulesChanged alert. A fail that a changed rule turned
//     into a pass is closed: rule changed.
//   - A fail under a live exemption is a silent change. It alerts when the
//     exemption expires or is withdrawn.
//   - A fail below the configured floor is a silent change. So is the end of
//     what nobody was notified of.
//
// # When a finding is absent
//
// The first line that holds decides:
//
//	the target was removed                             closed: out of scope
//	the rule was removed                               closed: rule removed
//	the type is not to be read                         closed: out of scope
//	the region is not to be read, and no listing of
//	the type covers it although others were made       closed: out of scope
//	its listing is missing or incomplete               nothing: the line stays
//	the rule changed                                   closed: rule changed
//	its listing was complete                           deleted
//
// A rule that no longer applies to a resource gives no finding either, and
// that looks the same as a resource that is gone. So "deleted" means: gone, or
// no longer one that the rule applies to. It never means fixed.
//
// # Findings that flip
//
// A finding that changed between pass and fail more than three times in seven
// days is unstable, which alerts once. While it is unstable, its recovery
// alerts after two passes in a row, and until then further fails are part of
// that alert.
//
// # A target that is gone
//
// A run over the whole scope that no longer has a target says nothing of its
// findings: the target is taken by Collector.Gone instead, one TargetGone alert
// says how many of its findings fail, and its lines stay as they are. When it
// comes back it is compared with them, and Collector.Back makes one TargetBack
// alert. Who reads runs alone, without notified
// state, sets Extent.Removed.
//
// # What is accepted as unread
//
// What Input.Accepted covers stays unknown and is counted, and that is all: it
// does not alert, and coverage is held against its floor without it. When the
// acceptance ends it alerts as what is new.
//
// # From changes to alerts
//
// Collector groups the changes of a whole run: one alert for each rule, target
// and kind. What regressed of one rule is one MassChange alert when it is more
// than MassLimit findings, or more than a fifth of the rule's and at least
// MassLeast; so is, when what is left is more than MassLimit, all of it, or what is
// of one target if that is nearly all of it. It names what its findings have in
// common, and what is not of it keeps its own alert. Ends are grouped by the alert
// that they end, so that each is told in that alert's thread; only what would be
// more than MassAlerts ends is one alert of none. Neither Compare nor Collector
// needs memory that grows with the number of findings.
package drift
