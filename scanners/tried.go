package scanners

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Try is one request that a scanner made, and what came of it, as it may be
// shown: without the query, headers and bodies of either.
type Try struct {
	Operation string // in the provider's words: "ec2:DescribeInstances"
	Place     string // its region, subscription or project, "" where there is none
	Status    int    // of the answer; 0: there is none, or it is no HTTP
	Code      string // the provider's word for what went wrong, or ours; "" for nothing
	Took      time.Duration
	RequestID string // by which the provider finds it
	Said      string // what the provider wrote about a refusal
}

// longestID is how much of a request's id is shown.
const longestID = 100

// String returns the try in one line.
func (t Try) String() string {
	words := []string{t.Operation}
	if t.Place != "" {
		words = append(words, t.Place)
	}
	if t.Status > 0 {
		words = append(words, strconv.Itoa(t.Status))
	}
	switch {
	case t.Code != "":
		words = append(words, t.Code)
	case t.Status == 0:
		words = append(words, "ok")
	}
	words = append(words, t.Took.Round(time.Millisecond).String())
	if id := plainID(t.RequestID); id != "" {
		words = append(words, "request "+id)
	}
	line := strings.Join(words, " ")
	if said := WithoutSecrets(t.Said); said != "" {
		line += ": " + said
	}
	return line
}

// plainID returns an id of the signs that ids have, "" for anything else.
func plainID(id string) string {
	other := func(r rune) bool {
		return !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=_.:-", r)
	}
	if len(id) > longestID || strings.ContainsFunc(id, other) {
		return ""
	}
	return id
}

type triesKey struct{}

// LogTries returns a context of which log is told each try, by several
// goroutines at once.
func LogTries(ctx context.Context, log func(Try)) context.Context {
	return context.WithValue(ctx, triesKey{}, log)
}

// Tried tells of a try whoever wants to know. The try is only made where
// somebody does.
func Tried(ctx context.Context, made func() Try) {
	if log, wanted := ctx.Value(triesKey{}).(func(Try)); wanted {
		log(made())
	}
}
