package oncloudrun

import (
	"io"
	"log/slog"
)

// logs returns a log in the form of Cloud Logging. The log-based metrics of
// infra/gcp are made of its lines.
func logs(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: forCloudLogging}))
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
