package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"posture/internal/posture"
)

// The bounds of a value in a sentence.
const (
	spokenItems = 3  // of a list
	spokenText  = 80 // characters of a text
)

// showable are the types that an expression under let may have, lists of them
// too.
var showable = []*types.Type{types.BoolType, types.IntType, types.UintType, types.DoubleType, types.StringType, types.TimestampType}

// isShowable reports whether values of the type can be shown in a text.
func isShowable(t *types.Type) bool {
	if t.Kind() == types.ListKind {
		t = t.Parameters()[0]
	}
	return slices.ContainsFunc(showable, t.IsExactType)
}

// plainValues returns a value of CEL as a list, of one item for what is no list.
func plainValues(v ref.Val) ([]any, bool) {
	list, ok := v.(traits.Lister)
	if !ok {
		item, ok := plainValue(v)
		return []any{item}, ok
	}
	all := []any{}
	for it := list.Iterator(); it.HasNext() == types.True; {
		item, ok := plainValue(it.Next())
		if !ok {
			return nil, false
		}
		all = append(all, item)
	}
	return all, true
}

func plainValue(v ref.Val) (any, bool) {
	switch v := v.(type) {
	case types.Timestamp:
		return plainTime(v.Time), true
	case types.Bool, types.Int, types.Uint, types.Double, types.String:
		return v.Value(), true
	}
	return nil, false
}

// spoken returns a value as it reads in a sentence: three items of a list at
// most, dates without their time of day, "never" for a time that never was.
func spoken(values []any) (string, bool) {
	var words []string
	for _, v := range values {
		if word := spokenWord(v); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return "none", true
	}
	if left := len(words) - spokenItems; left > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:spokenItems], ", "), left), true
	}
	return strings.Join(words, ", "), true
}

// spokenWord returns one value as it reads in a sentence.
func spokenWord(v any) string {
	switch v := v.(type) {
	case nil:
		return posture.Never
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.UTC().Format("2 Jan 2006")
		}
		return cutText(v)
	case float64:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return fmt.Sprint(v)
}

func cutText(s string) string {
	if runes := []rune(s); len(runes) > spokenText {
		return string(runes[:spokenText-1]) + "…"
	}
	return s
}

// quoted returns a value as arguments of a shell's command, one for each item
// of a list. It refuses what could be taken for an option, and what does not
// fit on a line: better no command than another one.
func quoted(values []any) (string, bool) {
	var words []string
	for _, v := range values {
		word := fmt.Sprint(v)
		if v == nil || word == "" || word[0] == '-' || strings.ContainsFunc(word, isControl) {
			return "", false
		}
		words = append(words, shellescape.Quote(word))
	}
	return strings.Join(words, " "), len(words) > 0
}

// isControl reports whether a terminal might act on the character, or show it
// as nothing or in another place.
func isControl(c rune) bool { return !strconv.IsPrint(c) }
