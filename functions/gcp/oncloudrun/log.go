package oncloudrun

import (
	"errors"
	"io"
	"log/slog"
	"maps"

	"posture/internal/setup"
	"posture/internal/steps"
)

// log writes what came of a step as one line in the form of Cloud Logging.
// The log-based metrics of infra/gcp are made of its measures. No attribute
// holds a secret.
func log(w io.Writer, name string, said steps.Answer, err error) {
	logger := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: forCloudLogging}))
	attributes := []any{"step", name, "answer", said}
	if len(said.Metrics) > 0 {
		attributes = append(attributes, "measures", measures(said.Metrics))
	}
	switch {
	case errors.Is(err, steps.ErrLeft):
		logger.Warn("to be continued", attributes...)
	case err != nil:
		logger.Error("failed", append(attributes, "error", err.Error())...)
	case said.Missed:
		logger.Error("no run completed in time", attributes...)
	case len(said.Warnings) > 0:
		logger.Warn("done, but part of the configuration is ignored", attributes...)
	default:
		logger.Info("done", attributes...)
	}
}

// forCloudLogging gives the attributes the names that Cloud Logging knows.
func forCloudLogging(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		severity := a.Value.String()
		if severity == slog.LevelWarn.String() {
			severity = "WARNING"
		}
		return slog.String("severity", severity)
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}

// measures returns all metrics as one object: the runs of a function are all of
// one scope.
func measures(all []setup.Metrics) map[string]float64 {
	values := map[string]float64{}
	for _, metrics := range all {
		maps.Copy(values, metrics.Values)
	}
	return values
}
