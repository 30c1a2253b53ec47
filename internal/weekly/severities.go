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
	if parts := s.parts(func(_ posture.Severity, count string) string { return count }); len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	return "none"
}

// links is String, where each count leads to what is open of its severity.
func (s Severities) links() markup {
	parts := s.parts(func(of posture.Severity, count string) string { return string(jump("open-"+string(of), count)) })
	if len(parts) == 0 {
		return text(s.String())
	}
	return markup(strings.Join(parts, ", "))
}

// parts returns each count that is not zero, as "3 critical".
func (s Severities) parts(show func(of posture.Severity, count string) string) []string {
	var parts []string
	for _, severity := range posture.Severities {
		if s[severity] > 0 {
			parts = append(parts, show(severity, fmt.Sprintf("%d %s", s[severity], severity)))
		}
	}
	return parts
}
