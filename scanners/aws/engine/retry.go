package engine

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// newRetryer returns a retryer for one account, region and service. Adaptive
// mode without the client-side retry quota is the one setting that loses no
// call to a throttling server; see BenchmarkThrottled.
func (a *Account) newRetryer() aws.Retryer {
	attempts := cmp.Or(a.options.Attempts, a.cfg.RetryMaxAttempts, 10)
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.Throttles = append(o.Throttles, retry.ThrottleErrorCode{Codes: moreThrottles})
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = 20 * time.Second
			o.RateLimiter = ratelimit.None
			o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: moreThrottles})
		})
	})
}
