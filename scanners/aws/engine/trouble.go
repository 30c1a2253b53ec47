package engine

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"posture/internal/posture"
	"posture/scanners/trouble"
)

const (
	// patience is how long a call is tried again after its first try that got no
	// answer, or an answer that the service is broken: within it fit three tries
	// that hang.
	patience = 40 * time.Second
	// shortTry is for a try of a call where calls before it have hung.
	shortTry = 5 * time.Second
)

// newTroubles returns the services of a scan, by their regions.
func newTroubles() *trouble.Services[gateKey] {
	return trouble.New[gateKey](trouble.Limits{Patience: patience, ShortTry: shortTry, Sort: outcomeOf})
}

// outcomeOf sorts the error of a try, or of a call, while its context lasts.
func outcomeOf(err error) trouble.Outcome {
	switch why := cause(err, nil); {
	case err == nil:
		return trouble.Answers
	case why.Reason == posture.Throttled:
		return trouble.Throttled
	case why.Reason == posture.TimedOut:
		return trouble.Hangs
	case errors.As(err, new(*trouble.GaveUp)), retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary:
		return trouble.Fails
	default:
		return trouble.Answers
	}
}

// call is one call under way, with the gate that it came through.
type call struct {
	*trouble.Call
	gate *gate
}

type callKey struct{}
