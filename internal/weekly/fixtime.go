package weekly

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Range is a duration known only by its bounds: between two runs nobody
// looks.
type Range struct {
	Least time.Duration `json:"least_ns"`
	Most  time.Duration `json:"most_ns,omitempty"` // 0: there is no telling
}

// endless is a bound that is not known, when bounds are compared.
const endless = time.Duration(math.MaxInt64)

// String returns the range for people. It never says that something took no
// time.
func (r Range) String() string {
	switch {
	case r.Most == 0 && r.Least == 0:
		return "not known"
	case r.Most == 0:
		return span(r.Least) + " or more"
	case r.Least == 0:
		return "less than " + span(r.Most)
	case span(r.Least) == span(r.Most):
		return "about " + span(r.Least)
	}
	return span(r.Least) + " to " + span(r.Most)
}

const day = 24 * time.Hour

// span returns a duration in one unit, in two days or more in days.
func span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return number(int64((d+time.Minute-1)/time.Minute), "minute")
	case d < 2*day && d%day != 0:
		return number(int64((d+time.Hour/2)/time.Hour), "hour")
	}
	return number(int64((d+day/2)/day), "day")
}

// number returns a count with its noun.
func number(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// ranges counts equal ranges. There are few different ones: all bounds are
// times between runs.
type ranges map[Range]int

// count returns how many there are.
func (r ranges) count() int {
	n := 0
	for _, c := range r {
		n += c
	}
	return n
}

// median returns bounds of the median: the medians of the bounds.
func (r ranges) median() Range {
	at := (r.count() + 1) / 2
	return bounded(r.nth(at, least), r.nth(at, most))
}

// worst returns bounds of the longest one.
func (r ranges) worst() Range {
	n := r.count()
	return bounded(r.nth(n, least), r.nth(n, most))
}

func least(r Range) time.Duration { return r.Least }

func most(r Range) time.Duration {
	if r.Most == 0 {
		return endless
	}
	return r.Most
}

func bounded(least, most time.Duration) Range {
	if most == endless {
		most = 0
	}
	return Range{Least: least, Most: most}
}

// nth returns the nth smallest bound, counted from 1.
func (r ranges) nth(n int, bound func(Range) time.Duration) time.Duration {
	keys := slices.SortedFunc(maps.Keys(r), func(x, y Range) int { return cmp.Compare(bound(x), bound(y)) })
	for _, key := range keys {
		if n -= r[key]; n <= 0 {
			return bound(key)
		}
	}
	return 0
}
