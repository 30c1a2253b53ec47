package steps

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// TimeVariable says how long one call of a function may take, as in 25m.
const TimeVariable = "POSTURE_TIME"

// Platform is where functions run that know no time limit by themselves, and
// whose alerts are made of logs.
type Platform struct {
	Time time.Duration // for one call, where POSTURE_TIME does not say
	Open func(context.Context) (Installation, error)
	Logs *slog.Logger
}

// Do does one call of a function within its time, and logs what came of it.
func (p Platform) Do(ctx context.Context, name string, step Step, e Event) (Answer, error) {
	said, err := p.do(ctx, step, e)
	Log(p.Logs, name, said, err)
	return said, err
}

func (p Platform) do(ctx context.Context, step Step, e Event) (Answer, error) {
	limit, err := p.limit()
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	i, err := p.Open(ctx)
	if err != nil {
		return Answer{}, err
	}
	return i.Do(ctx, step, e)
}

// limit returns how long one call may take.
func (p Platform) limit() (time.Duration, error) {
	text := os.Getenv(TimeVariable)
	if text == "" {
		return p.Time, nil
	}
	limit, err := time.ParseDuration(text)
	if err != nil || limit <= 0 {
		return 0, fmt.Errorf("%s %q: expected a duration such as 25m", TimeVariable, text)
	}
	return limit, nil
}
