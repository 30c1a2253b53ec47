package setup

import (
	"context"
	"sync"
	"time"

	"posture/internal/slack"
)

// secretAge is how long a secret is used before it is read again.
const secretAge = 5 * time.Minute

// CachedSecret returns the secret that read reads, when it is first needed, and again
// when it is old or its user asks for that.
func CachedSecret(read func(context.Context) (string, error)) slack.Secret {
	var mu sync.Mutex
	var value string
	var at time.Time
	return func(ctx context.Context, refresh bool) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if !refresh && value != "" && time.Since(at) < secretAge {
			return value, nil
		}
		found, err := read(ctx)
		if err != nil {
			return "", err
		}
		value, at = found, time.Now()
		return value, nil
	}
}
