package scanners

import (
	"net/url"
	"regexp"
	"strings"

	"posture/internal/posture"
)

// Console says where the provider's console shows the resources of a type:
// Path, below the console's origin, or None, why there is no page for one.
type Console struct {
	Path string // "/s3/buckets/{last}?region={region}"; words in braces are filled in, escaped
	None string // "the console has no page for an account's setting"
	// Words returns the words that only this type has; nil: it has none. A
	// word that is not known is "", and there is no link then.
	Words func(posture.Resource) map[string]string
}

// braced is a word in braces. One with a dollar, {$name}, is escaped twice and
// with dollars for percent signs, as one console has it behind its "#". One
// with a slash, {/name}, is a path that keeps its slashes.
var braced = regexp.MustCompile(`\{[$/]?[A-Za-z_]+\}`)

// address fills the path. It returns "" where a word is not known, and where
// one would climb in the path.
func (c Console) address(origin string, words map[string]string) string {
	if c.Path == "" || origin == "" {
		return ""
	}
	whole := true
	filled := braced.ReplaceAllStringFunc(c.Path, func(name string) string {
		word := words[strings.Trim(name, "{$/}")]
		whole = whole && word != "" && word != "." && word != ".."
		if strings.HasPrefix(name, "{/") {
			parts := strings.Split(word, "/")
			for i, part := range parts {
				whole = whole && part != "." && part != ".."
				parts[i] = escaped(part)
			}
			return strings.Join(parts, "/")
		}
		if strings.HasPrefix(name, "{$") {
			return strings.ReplaceAll(escaped(escaped(word)), "%", "$")
		}
		return escaped(word)
	})
	if !whole {
		return ""
	}
	return origin + filled
}

// escaped returns a word that means itself in a path, a query and behind "#".
func escaped(word string) string { return strings.ReplaceAll(url.QueryEscape(word), "+", "%20") }
