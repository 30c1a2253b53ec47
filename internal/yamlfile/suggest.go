package yamlfile

import (
	"fmt"
	"strings"
)

// Expected returns what to write instead of a wrong word: the closest known
// one, or all of them when none is close.
func Expected(word string, known []string) string {
	if near := closest(word, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 40 {
		return ""
	}
	return ": expected one of " + strings.Join(known, ", ")
}

// closest returns the known word that takes the fewest edits, "" when all take
// more than a third of the word (of a short word two, but never all of it).
func closest(word string, known []string) string {
	best, fewest := "", min(max(2, len(word)/3), len(word)-1)+1
	for _, candidate := range known {
		if n := edits(word, candidate, fewest); n < fewest {
			best, fewest = candidate, n
		}
	}
	return best
}

// edits returns the number of single-byte edits between two words, or limit
// when their lengths alone differ by that much or a word is very long.
func edits(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 200 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost++
			}
			left = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
