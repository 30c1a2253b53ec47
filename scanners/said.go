package scanners

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"posture/internal/posture"
)

// Bounds of what is kept of providers' texts.
const (
	saidLength = 300 // characters of one
	saidLimit  = 200 // causes with one
)

// Said keeps, for the operator, what the provider wrote about each cause. The
// texts stay beside the causes: a text that changes makes no other cause. It is
// safe for use by several goroutines.
type Said struct {
	mu    sync.Mutex
	texts map[posture.Cause]string
}

// Note keeps a provider's text about a cause, without secrets and cut. Of
// several the first in the order of the alphabet is kept, whoever came first.
func (s *Said) Note(cause posture.Cause, text string) {
	if text = WithoutSecrets(text); text == "" {
		return
	}
	cause.Field = "" // one answer lacks them all
	s.mu.Lock()
	defer s.mu.Unlock()
	known, there := s.texts[cause]
	switch {
	case !there && len(s.texts) >= saidLimit:
		return
	case s.texts == nil:
		s.texts = map[posture.Cause]string{}
	}
	if !there || text < known {
		s.texts[cause] = text
	}
}

// List returns what was kept, in the order of operations.
func (s *Said) List() []posture.Saying {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []posture.Saying
	for cause, text := range s.texts {
		list = append(list, posture.Saying{Cause: cause, Text: text})
	}
	slices.SortFunc(list, func(a, b posture.Saying) int {
		return cmp.Or(cmp.Compare(a.Cause.Operation, b.Cause.Operation), cmp.Compare(a.Cause.String(), b.Cause.String()))
	})
	return list
}

// leftOut is written in the place of what is not kept.
const leftOut = "(left out)"

var (
	encodedMessage = regexp.MustCompile(`(?i)(encoded authorization failure message:?\s*)\S+`)
	// namedSecret matches what stands after a name that secrets have, up to the
	// next space, whatever signs there are around it.
	namedSecret = regexp.MustCompile(`(?i)([0-9a-z_-]*(?:token|secret|signature|password|passwd|authorization|credential|access[-_ ]?key(?:[-_ ]?id)?|api[-_ ]?key|x-amz-[a-z-]+)[0-9a-z_-]*["']?\s*[=:]\s*)(?:(?:bearer|basic|aws4-hmac-sha256)\s+)?\S+`)
	requestID   = regexp.MustCompile(`(?i)((?:request|host|trace|unique)[-_ ]?id(?:entifier)?:?\s*["']?|UniqueIdentifier:\s*)[0-9a-z+/=_-]{8,}|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	opaque      = regexp.MustCompile(`[0-9A-Za-z+/=_%.-]{40,}`)
)

// WithoutSecrets returns a provider's text as it may be kept: on one line, cut,
// without credentials, tokens, signatures, encoded messages and the ids of
// requests. Names of principals and resources stay.
func WithoutSecrets(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	text = encodedMessage.ReplaceAllString(text, "${1}"+leftOut)
	text = namedSecret.ReplaceAllString(text, "${1}"+leftOut)
	text = requestID.ReplaceAllString(text, "${1}"+leftOut)
	text = credential.ReplaceAllString(text, leftOut)
	words := strings.Split(text, " ")
	for i, word := range words {
		name := strings.TrimLeft(word, `"'(<[`)
		switch {
		case HoldsCredential(word):
			words[i] = leftOut
		case !strings.HasPrefix(name, "arn:") && !strings.HasPrefix(name, "//") && !strings.HasPrefix(name, "projects/"):
			words[i] = opaque.ReplaceAllStringFunc(word, unlessPlain)
		}
	}
	return cut(strings.Join(words, " "))
}

// unlessPlain leaves a long word out, unless it has no digit: host names and
// permissions are long too.
func unlessPlain(word string) string {
	if strings.ContainsAny(word, "0123456789") {
		return leftOut
	}
	return word
}

func cut(text string) string {
	if runes := []rune(text); len(runes) > saidLength {
		return string(runes[:saidLength-1]) + "…"
	}
	return text
}
