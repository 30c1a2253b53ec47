package services

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"posture/internal/posture"
)

var errSchedule error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "schedule", Text: "a schedule that is neither rate(...) nor cron(...) of six fields"}

// scheduleHours returns the longest wait in hours, rounded up, between two
// runs of a schedule: "rate(12 hours)", "cron(0 5 ? * MON-FRI *)". AWS Backup
// runs a rule without a schedule once a day.
func scheduleHours(expression string) (int, error) {
	expression = strings.TrimSpace(expression)
	if expression == "" {
		return 24, nil
	}
	kind, rest, found := strings.Cut(expression, "(")
	body, closed := strings.CutSuffix(rest, ")")
	switch {
	case found && closed && kind == "rate":
		return rateHours(strings.Fields(body))
	case found && closed && kind == "cron":
		return cronHours(strings.Fields(body))
	default:
		return 0, errSchedule
	}
}

func rateHours(words []string) (int, error) {
	if len(words) != 2 {
		return 0, errSchedule
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, errSchedule
	}
	switch strings.TrimSuffix(words[1], "s") {
	case "minute":
		return (n + 59) / 60, nil
	case "hour":
		return n, nil
	case "day":
		return 24 * n, nil
	default:
		return 0, errSchedule
	}
}

const monthHours = 31 * 24

// cronHours works on the fields minutes, hours, day of month, month, day of
// week, year. "The last", "the nearest weekday" and "the second Friday" come
// once a month at most and count as a month.
func cronHours(fields []string) (int, error) {
	if len(fields) != 6 {
		return 0, errSchedule
	}
	if strings.ContainsAny(fields[2], "LW") || strings.Contains(fields[4], "#") ||
		strings.HasSuffix(fields[4], "L") {
		return monthHours, nil
	}
	var sets [5][]int
	for i, part := range []cronPart{
		{fields[0], 0, 59, nil}, {fields[1], 0, 23, nil}, {fields[2], 1, 31, nil},
		{fields[3], 1, 12, monthNames}, {fields[4], 1, 7, dayNames},
	} {
		set, err := part.values()
		if err != nil {
			return 0, err
		}
		sets[i] = set
	}
	return longestWait(sets), nil
}

var (
	monthNames = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	dayNames   = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

// longestWait runs the schedule through four years, a leap year among them.
func longestWait(sets [5][]int) int {
	minutes, hours, days, months, weekdays := sets[0], sets[1], sets[2], sets[3], sets[4]
	start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(4, 0, 0)
	var last time.Time
	longest := time.Duration(0)
	for day := start; day.Before(end); day = day.AddDate(0, 0, 1) {
		if !slices.Contains(months, int(day.Month())) || !slices.Contains(days, day.Day()) ||
			!slices.Contains(weekdays, int(day.Weekday())+1) {
			continue
		}
		for _, hour := range hours {
			for _, minute := range minutes {
				run := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
				if !last.IsZero() {
					longest = max(longest, run.Sub(last))
				}
				last = run
			}
		}
	}
	if longest == 0 {
		longest = end.Sub(start)
	}
	return int((longest + time.Hour - 1) / time.Hour)
}

// cronPart is one field of a cron expression and what it may hold.
type cronPart struct {
	text     string
	min, max int
	names    []string // names of the values from min on
}

// values returns the values that the field selects, sorted.
func (c cronPart) values() ([]int, error) {
	var values []int
	for _, item := range strings.Split(c.text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		from, to, err := c.span(span, stepped)
		if err != nil {
			return nil, err
		}
		by := 1
		if stepped {
			if by, err = strconv.Atoi(step); err != nil || by < 1 {
				return nil, errSchedule
			}
		}
		for v := from; v <= to; v += by {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

// span returns the ends of "*", "5", "5-9"; with a step "5" goes on to the end.
func (c cronPart) span(text string, stepped bool) (from, to int, err error) {
	if text == "*" || text == "?" {
		return c.min, c.max, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	if from, err = c.value(first); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		to, err = c.value(last)
	case stepped:
		to = c.max
	default:
		to = from
	}
	if err == nil && to < from {
		err = errSchedule
	}
	return from, to, err
}

func (c cronPart) value(text string) (int, error) {
	if i := slices.Index(c.names, strings.ToUpper(text)); i >= 0 {
		return c.min + i, nil
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < c.min || v > c.max {
		return 0, fmt.Errorf("%w: value out of range", errSchedule)
	}
	return v, nil
}
