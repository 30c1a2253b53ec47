package services

import (
	"slices"
	"strconv"
	"strings"

	"posture/scanners/azure/engine"
)

// parameters are the server parameters of a flexible server, by name in lower
// case.
type parameters map[string]string

// parameters reads them; nil where they are not wanted, or could not be read,
// which marks the fields.
func (f *flexible) parameters(fields []string) parameters {
	if !f.Wants(fields...) {
		return nil
	}
	type parameter struct {
		Name       string
		Properties struct{ Value, CurrentValue string } // CurrentValue is of MySQL only
	}
	all, err := engine.FetchAll[parameter](f.Reading, f.typ+"/configurations/read", "/configurations", f.version)
	if !f.Got(err, fields...) {
		return nil
	}
	found := parameters{}
	for _, p := range all {
		value := p.Properties.CurrentValue
		if value == "" {
			value = p.Properties.Value
		}
		found[strings.ToLower(p.Name)] = strings.ToLower(strings.TrimSpace(value))
	}
	return found
}

// parameter returns the value of one. A server that does not have it marks the
// field.
func (f *flexible) parameter(all parameters, name, field string) string {
	value, has := all[name]
	if !has {
		f.Absent(f.typ+"/configurations/read", field)
	}
	return value
}

// on reports whether one is switched on.
func (f *flexible) on(all parameters, name, field string) bool {
	switch f.parameter(all, name, field) {
	case "on", "true", "yes", "1":
		return true
	case "off", "false", "no", "0":
	case "":
		f.Absent(f.typ+"/configurations/read", field)
	default:
		f.Strange("value of "+name, field)
	}
	return false
}

func (f *flexible) mySQL() {
	all := f.parameters(mySQLParameters)
	if all == nil {
		return
	}
	f.doc.RequiresTLS = f.on(all, "require_secure_transport", "requires_tls")
	f.doc.MinTLS = f.oldestTLS(f.parameter(all, "tls_version", "min_tls"))
	f.doc.AuditLog = f.on(all, "audit_log_enabled", "audit_log")
	events := listOf(f.parameter(all, "audit_log_events", "audits_connections"))
	f.doc.AuditsConnections = slices.Contains(events, "connection") || slices.Contains(events, "connection_v2")
	f.doc.Passwords = !f.on(all, "aad_auth_only", "passwords")
}

// oldestTLS returns the oldest of the versions that a server accepts,
// "tlsv1.2,tlsv1.3".
func (f *flexible) oldestTLS(versions string) string {
	oldest := ""
	for _, text := range listOf(versions) {
		if version := tlsVersion(f.Reading, text, "", "min_tls"); oldest == "" || version < oldest {
			oldest = version
		}
	}
	if oldest == "" {
		f.Absent(f.typ+"/configurations/read", "min_tls")
	}
	return oldest
}

func (f *flexible) postgres() {
	if f.data.Properties.AuthConfig == nil {
		f.Absent("read "+f.Type, "passwords")
	} else {
		f.doc.Passwords = enabled(f.Reading, f.data.Properties.AuthConfig.PasswordAuth, "passwords")
	}
	if f.Wants("logs_exported") {
		f.doc.LogsExported = sends(diagnosticSettings(f.Reading, "", "logs_exported"), []string{"PostgreSQLLogs"})
	}
	all := f.parameters(postgresParameters)
	if all == nil {
		return
	}
	f.doc.RequiresTLS = f.on(all, "require_secure_transport", "requires_tls")
	f.doc.LogsConnections = f.logsConnections(all)
	f.doc.LogsDisconnections = f.on(all, "log_disconnections", "logs_disconnections")
	f.doc.LogsCheckpoints = f.on(all, "log_checkpoints", "logs_checkpoints")
	if f.on(all, "logfiles.download_enable", "log_file_days") {
		days, err := strconv.ParseInt(f.parameter(all, "logfiles.retention_days", "log_file_days"), 10, 64)
		if err != nil {
			f.Strange("value of logfiles.retention_days", "log_file_days")
		}
		f.doc.LogFileDays = days
	}
}

// logsConnections reads log_connections: a switch, from PostgreSQL 18 on also a
// list of what is logged of a connection.
func (f *flexible) logsConnections(all parameters) bool {
	const field = "logs_connections"
	aspects := listOf(all["log_connections"])
	if slices.ContainsFunc(aspects, func(a string) bool {
		return slices.Contains([]string{"receipt", "authentication", "authorization", "all"}, a)
	}) {
		return true
	}
	return !slices.Equal(aspects, []string{"setup_durations"}) && f.on(all, "log_connections", field)
}

// listOf returns the items of a list that commas divide.
func listOf(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
