package outbox

import (
	"fmt"
	"time"
)

// Kind says what a refusal means for the queue.
type Kind string

// The kinds, a closed set.
const (
	RateLimited Kind = "rate limited" // surely not posted: wait as long as Slack asks
	Transient   Kind = "transient"    // surely not posted: try later
	Ambiguous   Kind = "ambiguous"    // may have been posted: look before posting again
	Channel     Kind = "channel"      // this channel takes no message from us
	Credential  Kind = "credential"   // no channel takes a message with this secret
	Form        Kind = "form"         // the message was refused for its form
	Thread      Kind = "thread"       // the message that this one answers takes no answer
)

// Refusal is the error of a Sender. It holds a code of a closed set and
// nothing that came over the wire, so it may be stored, logged and shown.
type Refusal struct {
	Kind       Kind
	Code       string        // "channel_not_found"; "http_503"; "no_answer"
	RetryAfter time.Duration // for RateLimited: how long to wait
}

// Error returns kind and code.
func (r *Refusal) Error() string { return fmt.Sprintf("slack refused (%s): %s", r.Kind, r.Code) }
