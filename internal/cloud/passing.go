package cloud

import (
	"context"
	"errors"
	"net"
	"net/http"

	"posture/internal/posture"
)

// Passing reports whether an error may pass by itself: the network is at fault, or
// whoever was asked is late, throttles or is out of order. What is refused is
// for a person to fix.
func Passing(err error) bool {
	var known *posture.ReadError
	if errors.As(err, &known) && (known.Cause.Reason == posture.Throttled || known.Cause.Reason == posture.TimedOut) {
		return true
	}
	var broken *net.OpError
	var unresolved *net.DNSError
	var late net.Error
	var answer interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &broken), errors.As(err, &unresolved), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.As(err, &late) && late.Timeout():
		return true
	}
	return errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError
}
