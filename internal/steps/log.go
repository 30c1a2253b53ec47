package steps

import (
	"errors"
	"log/slog"
	"maps"

	"posture/internal/setup"
)

// Log writes what came of a step as one line, with its metrics as "metrics".
// It is for functions whose alerts are made of logs: the runs of such a function
// are all of one scope. No attribute holds a secret.
func Log(to *slog.Logger, name string, said Answer, err error) {
	attributes := []any{"step", name, "answer", said}
	if len(said.Metrics) > 0 {
		attributes = append(attributes, "metrics", values(said.Metrics))
	}
	switch {
	case errors.Is(err, ErrLeft):
		to.Warn("to be continued", attributes...)
	case err != nil:
		to.Error("failed", append(attributes, "error", err.Error())...)
	case said.Missed:
		to.Error("no run completed in time", attributes...)
	case len(said.Warnings) > 0:
		to.Warn("done, but part of the configuration is ignored", attributes...)
	default:
		to.Info("done", attributes...)
	}
}

// values returns all metrics as one object.
func values(all []setup.Metrics) map[string]float64 {
	values := map[string]float64{}
	for _, metrics := range all {
		maps.Copy(values, metrics.Values)
	}
	return values
}
