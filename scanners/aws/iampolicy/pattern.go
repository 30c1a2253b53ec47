package iampolicy

import (
	"slices"
	"strings"
)

// match reports whether the text matches the pattern, in which * stands for
// any run of bytes and ? for any one.
func match(pattern, text string) bool {
	return glob(pattern, text, func(p, t byte) bool { return p == '?' || p == t })
}

// covers reports whether all that the inner pattern matches is matched by the
// outer one. It may say no where the answer is yes, never the other way: "*?"
// and "?*" match the same.
func covers(outer, inner string) bool {
	return glob(outer, inner, func(o, i byte) bool { return o == i || o == '?' && i != '*' })
}

// glob matches a text against a pattern whose * takes any run: what stands
// before the first star, then each piece at its first place, then the end.
func glob(pattern, text string, same func(p, t byte) bool) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	if len(text) < len(head) || !starred && len(text) > len(head) || !equal(head, text[:len(head)], same) {
		return false
	}
	text = text[len(head):]
	for starred {
		var piece string
		piece, rest, starred = strings.Cut(rest, "*")
		if !starred {
			return len(text) >= len(piece) && equal(piece, text[len(text)-len(piece):], same)
		}
		at := find(piece, text, same)
		if at < 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return true
}

func equal(piece, text string, same func(p, t byte) bool) bool {
	for i := range len(piece) {
		if !same(piece[i], text[i]) {
			return false
		}
	}
	return true
}

// find returns the first place of a piece without stars, -1 if there is none.
func find(piece, text string, same func(p, t byte) bool) int {
	if !strings.Contains(piece, "?") {
		return strings.Index(text, piece)
	}
	for at := range len(text) - len(piece) + 1 {
		if equal(piece, text[at:at+len(piece)], same) {
			return at
		}
	}
	return -1
}

// overlaps reports whether some text matches both patterns.
func overlaps(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] && a[0] != '*' {
		a, b = a[1:], b[1:]
	}
	switch {
	case !strings.ContainsAny(b, "*?"):
		return match(a, b)
	case !strings.ContainsAny(a, "*?"):
		return match(b, a)
	}
	// row[j] says whether a[:i] and b[:j] have a text in common.
	row := make([]bool, len(b)+1)
	row[0] = true
	for j := range b {
		row[j+1] = row[j] && b[j] == '*'
	}
	for i := range len(a) {
		before := row[0]
		row[0] = before && a[i] == '*'
		for j := range len(b) {
			both, left := before, row[j+1]
			before = left
			switch {
			case a[i] == '*' && b[j] == '*':
				row[j+1] = left || row[j] || both
			case a[i] == '*':
				row[j+1] = left || row[j]
			case b[j] == '*':
				row[j+1] = row[j] || left
			default:
				row[j+1] = both && (a[i] == b[j] || a[i] == '?' || b[j] == '?')
			}
		}
	}
	return row[len(b)]
}

func matchAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, text) })
}

func coversAny(patterns []string, inner string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return covers(pattern, inner) })
}

func overlapsAny(patterns []string, pattern string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return overlaps(p, pattern) })
}

// widened puts a * for every policy variable, which may stand for anything.
func widened(patterns []string) []string {
	wide := make([]string, len(patterns))
	for i, pattern := range patterns {
		before, rest, found := strings.Cut(pattern, "${")
		for found {
			_, rest, _ = strings.Cut(rest, "}")
			before += "*"
			var more string
			more, rest, found = strings.Cut(rest, "${")
			before += more
		}
		wide[i] = before
	}
	return wide
}

// variable reports whether a value has a policy variable.
func variable(value string) bool { return strings.Contains(value, "${") }

// open reports whether a value is no fixed one: it has a wildcard or a policy
// variable.
func open(value string) bool {
	return strings.ContainsAny(value, "*?") || strings.Contains(value, "${")
}
