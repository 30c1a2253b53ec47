package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/yamlfile"
)

// choice is a flag whose value is one of a closed set.
type choice struct {
	value   *string
	of      string // what it chooses
	allowed []string
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Type returns nothing: the usage names the value itself.
func (c *choice) Type() string { return "" }

// Set takes a value of the set.
func (c *choice) Set(value string) error {
	if !slices.Contains(c.allowed, value) {
		return fmt.Errorf("unknown %s %q%s", c.of, value, yamlfile.Expected(value, c.allowed))
	}
	*c.value = value
	return nil
}

// choices is a flag that takes several values of a closed set, separated by
// commas or by repeating it.
type choices[T ~string] struct {
	values  *[]T
	of      string
	allowed []T
}

func (c *choices[T]) String() string {
	if c.values == nil {
		return ""
	}
	return strings.Join(texts(*c.values), ",")
}

// Type returns nothing: the usage names the value itself.
func (c *choices[T]) Type() string { return "" }

// Set takes values of the set.
func (c *choices[T]) Set(value string) error {
	for one := range strings.SplitSeq(value, ",") {
		if !slices.Contains(c.allowed, T(one)) {
			return fmt.Errorf("unknown %s %q%s", c.of, one, yamlfile.Expected(one, texts(c.allowed)))
		}
		*c.values = append(*c.values, T(one))
	}
	return nil
}

// texts returns words as plain strings.
func texts[T ~string](words []T) []string {
	all := make([]string, 0, len(words))
	for _, word := range words {
		all = append(all, string(word))
	}
	return all
}

// known refuses a value that is not among the known ones.
func known(what string, values, allowed []string) error {
	for _, value := range values {
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("unknown %s %q%s", what, value, yamlfile.Expected(value, allowed))
		}
	}
	return nil
}

// complete offers the words for a flag on the command line.
func complete(cmd *cobra.Command, flag string, words []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// moment is a flag that names a time: a day, a time, or how long ago it was.
type moment struct {
	at  *time.Time
	now func() time.Time
}

func (m *moment) String() string {
	if m.at == nil || m.at.IsZero() {
		return ""
	}
	return m.at.Format(time.RFC3339)
}

// Type returns nothing: the usage names the value itself.
func (m *moment) Type() string { return "" }

// Set reads 2026-11-22, 2026-11-22T01:00:00Z, 36h or 7d.
func (m *moment) Set(value string) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, value); err == nil {
			*m.at = at
			return nil
		}
	}
	ago, err := duration(value)
	if err != nil {
		return fmt.Errorf("time %q: expected a day (2026-11-22), a time (2026-11-22T01:00:00Z) or how long ago (36h, 7d)", value)
	}
	*m.at = m.now().Add(-ago)
	return nil
}

// duration reads a duration that may be in days.
func duration(value string) (time.Duration, error) {
	if days, found := strings.CutSuffix(value, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(value)
}

// number is a flag that says how many.
type number struct{ n *uint }

func (w number) String() string {
	if w.n == nil {
		return ""
	}
	return strconv.FormatUint(uint64(*w.n), 10)
}

// Type returns nothing: the usage names the value itself.
func (w number) Type() string { return "" }

// Set reads a number such as 10.
func (w number) Set(value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("number %q: expected one such as 10", value)
	}
	*w.n = uint(n)
	return nil
}

// oneWord takes exactly one argument; what says what it is.
func oneWord(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("expected one %s, not %d: see %s --help", what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// noWords takes no argument.
func noWords(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected word %q: see %s --help", args[0], cmd.CommandPath())
	}
	return nil
}
