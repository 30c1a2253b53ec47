package weekly

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"posture/internal/drift"
)

// endless is a bound that is not known, when bounds are compared.
const endless = time.Duration(math.MaxInt64)

const day = 24 * time.Hour

// lasted writes a range, also one with no known end.
func lasted(r drift.Range) string { return cmp.Or(r.String(), "not known") }

// number returns a count with its noun.
func number(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// ranges counts equal ranges. There are few different ones: all bounds are
// times between runs.
type ranges map[drift.Range]int

// count returns how many there are.
func (r ranges) count() int {
	n := 0
	for _, c := range r {
		n += c
	}
	return n
}

// median returns bounds of the median: the medians of the bounds.
func (r ranges) median() drift.Range {
	at := (r.count() + 1) / 2
	return bounded(r.nth(at, least), r.nth(at, most))
}

// worst returns bounds of the longest one.
func (r ranges) worst() drift.Range {
	n := r.count()
	return bounded(r.nth(n, least), r.nth(n, most))
}

func least(r drift.Range) time.Duration { return r.Least }

func most(r drift.Range) time.Duration {
	if r.Most == 0 {
		return endless
	}
	return r.Most
}

func bounded(least, most time.Duration) drift.Range {
	if most == endless {
		most = 0
	}
	return drift.Range{Least: least, Most: most}
}

// nth returns the nth smallest bound, counted from 1.
func (r ranges) nth(n int, bound func(drift.Range) time.Duration) time.Duration {
	keys := slices.SortedFunc(maps.Keys(r), func(x, y drift.Range) int { return cmp.Compare(bound(x), bound(y)) })
	for _, key := range keys {
		if n -= r[key]; n <= 0 {
			return bound(key)
		}
	}
	return 0
}
