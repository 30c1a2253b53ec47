package oncloudrun

import (
	"io"
	"log/slog"

	"posture/internal/steps"
)

// log writes what came of a step as one line in the form of Cloud Logging.
// The log-based metrics of infra/gcp are made of its metrics. No attribute
// holds a secret.
func log(w io.Writer, name string, said steps.Answer, err error) {
	steps.Log(slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: forCloudLogging})), name, said, err)
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
