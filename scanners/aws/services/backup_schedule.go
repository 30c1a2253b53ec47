package services

import (
	"strconv"
	"strings"
	"time"

	"github.com/reugn/go-quartz/quartz"

	"posture/internal/posture"
)

var (
	errSchedule error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "schedule", Text: "a schedule that is neither rate(...) nor cron(...) of six fields"}
	errTimeZone error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "time zone", Text: "a time zone that this machine does not know"}
)

// schedule says when something runs: "rate(12 hours)", "cron(0 5 ? * MON-FRI *)".
type schedule struct {
	every time.Duration       // of a rate
	cron  *quartz.CronTrigger // of a cron expression
}

// everyDay is when AWS Backup runs a rule that has no schedule.
const everyDay = "cron(0 5 ? * * *)"

// newSchedule reads an expression. It is understood without its time zone, but
// then the schedule is none.
func newSchedule(expression, zone string) (s schedule, hours int, err error) {
	expression = strings.TrimSpace(expression)
	if expression == "" {
		expression = everyDay
	}
	kind, rest, found := strings.Cut(expression, "(")
	body, closed := strings.CutSuffix(rest, ")")
	fields := strings.Fields(body)
	switch {
	case found && closed && kind == "rate":
		s.every, err = rateOf(fields)
		return s, inHours(s.every), err
	case found && closed && kind == "cron" && len(fields) == 6:
		utc, err := quartz.NewCronTriggerWithLoc("0 "+body, time.UTC) // the library's expressions begin with seconds
		if err != nil {
			return s, 0, errSchedule
		}
		hours, err := longestWait(utc)
		if s.cron = utc; zone != "" && zone != "Etc/UTC" {
			s.cron = inZone(body, zone)
		}
		return s, hours, err
	default:
		return s, 0, errSchedule
	}
}

// inZone returns nil for a zone that is not known.
func inZone(body, zone string) *quartz.CronTrigger {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil
	}
	cron, err := quartz.NewCronTriggerWithLoc("0 "+body, location)
	if err != nil {
		return nil
	}
	return cron
}

func rateOf(words []string) (time.Duration, error) {
	if len(words) != 2 {
		return 0, errSchedule
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > 100_000 {
		return 0, errSchedule
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	unit, known := units[strings.TrimSuffix(words[1], "s")]
	if !known {
		return 0, errSchedule
	}
	return time.Duration(n) * unit, nil
}

func inHours(d time.Duration) int { return int((d + time.Hour - 1) / time.Hour) }

const (
	scheduleYears = 4      // that a schedule is run through, a leap year among them
	scheduleRuns  = 50_000 // and at most so many runs, which are a month of one each minute
)

// longestWait returns the longest wait in hours, rounded up, between two runs.
// A schedule that runs once at most waits all the time.
func longestWait(cron *quartz.CronTrigger) (int, error) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(scheduleYears, 0, 0)
	longest, runs := time.Duration(0), 0
	last, ok := following(cron, start)
	for ; ok && last.Before(end) && runs < scheduleRuns; runs++ {
		run, more := following(cron, last)
		if ok = more && run.Before(end); ok {
			longest = max(longest, run.Sub(last))
		}
		last = run
	}
	switch {
	case runs == 0:
		return 0, errSchedule // its years are over, or none comes
	case longest == 0:
		longest = end.Sub(start)
	}
	return inHours(longest), nil
}

// following returns the first run after a time, if there is one.
func following(cron *quartz.CronTrigger, after time.Time) (time.Time, bool) {
	next, err := cron.NextFireTime(after.UnixNano())
	if err != nil || next <= after.UnixNano() {
		return time.Time{}, false
	}
	return time.Unix(0, next).UTC(), true
}

// lastRun returns the last run that was due before a time: of a rate, whose
// first run nobody tells, the time that one must have come after. It is the zero
// time where none was due within a year.
func (s schedule) lastRun(before time.Time) (time.Time, error) {
	if s.every > 0 {
		return before.Add(-s.every), nil
	}
	if s.cron == nil {
		return time.Time{}, errTimeZone
	}
	const year = 366 * 24 * time.Hour
	for back := 2 * time.Hour; ; back = min(4*back, year) { // few steps for frequent runs and for rare ones
		if run, ok := following(s.cron, before.Add(-back)); ok && !run.After(before) {
			for next, ok := following(s.cron, run); ok && !next.After(before); next, ok = following(s.cron, run) {
				run = next
			}
			return run, nil
		}
		if back == year {
			return time.Time{}, nil
		}
	}
}
