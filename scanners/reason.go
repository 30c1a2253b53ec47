package scanners

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"posture/internal/posture"
)

// ReasonOf sorts an error without a code of the provider's into the closed set
// of reasons. The status is that of the answer, 0 for none. It returns what is
// known beside the reason.
func ReasonOf(err error, status int) (why posture.Reason, code string) {
	var own *posture.ReasonError
	switch {
	case errors.As(err, &own):
		return own.Reason, own.Code
	case late(err):
		return posture.TimedOut, ""
	case unreachable(err):
		return posture.Unreachable, ""
	case status >= http.StatusMultipleChoices: // and without a code: a proxy, or a service that fell over
		return posture.Failed, "HTTP " + strconv.Itoa(status)
	default:
		return posture.Malformed, ""
	}
}

// late reports whether time was up.
func late(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &network) && network.Timeout()
}

// unreachable reports whether the network let no answer through.
func unreachable(err error) bool {
	var broken *net.OpError
	var unresolved *net.DNSError
	var unsent *url.Error // of a call to which no answer came
	return errors.As(err, &broken) || errors.As(err, &unresolved) || errors.As(err, &unsent)
}
