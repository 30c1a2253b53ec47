package scanners

import (
	"net/url"
	"regexp"
	"strings"
)

// Console says where the provider's console shows the resources of a type:
// Path, below the console's origin, or None, why there is no page for one.
type Console struct {
	Path string // "/s3/buckets/{last}?region={region}"; words in braces are filled in, escaped
	None string // "the console has no page for an account's setting"
}

var braced = regexp.MustCompile(`\{[A-Za-z_]+\}`)

// address fills the path. It returns "" where a word is not known, and where
// one would climb in the path.
func (c Console) address(origin string, words map[string]string) string {
	if c.Path == "" || origin == "" {
		return ""
	}
	whole := true
	filled := braced.ReplaceAllStringFunc(c.Path, func(name string) string {
		word := words[strings.Trim(name, "{}")]
		whole = whole && word != "" && word != "." && word != ".."
		return url.QueryEscape(word)
	})
	if !whole {
		return ""
	}
	return origin + filled
}
