package weekly

import (
	"fmt"
	"strings"

	"posture/internal/posture"
)

// Severities counts findings by their severity.
type Severities map[posture.Severity]int

// Total returns how many there are.
func (s Severities) Total() int {
	n := 0
	for _, count := range s {
		n += count
	}
	return n
}

// plus adds a count to another one, which may be nil.
func (s Severities) plus(o Severities) Severities {
	sum := Severities{}
	for _, counts := range []Severities{s, o} {
		for severity, n := range counts {
			sum[severity] += n
		}
	}
	return sum
}

// String writes the counts: "3 critical, 12 high"; "none".
func (s Severities) String() string {
	var parts []string
	for _, severity := range posture.Severities {
		if s[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s[severity], severity))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
