package services

import (
	"strings"

	"posture/scanners/azure/engine"
)

var auditFields = []string{"auditing", "audit_days", "audit_forever"}

// sqlAuditing is the auditing of a server, which covers all its databases
// (learn.microsoft.com/rest/api/sql/server-blob-auditing-policies/get).
type sqlAuditing struct {
	Properties *struct {
		State                       string
		StorageEndpoint             string
		RetentionDays               *int64 // in the storage account; 0: for ever
		IsAzureMonitorTargetEnabled bool
	}
}

// auditing reads whether the server audits, and how long the records are kept:
// those that are kept longest count.
func (s *sqlServer) auditing() {
	if !s.Wants(auditFields...) {
		return
	}
	var set sqlAuditing
	err := s.Fetch(sqlServerType+"/auditingSettings/read", "/auditingSettings/default", sqlVersion, &set)
	if !s.Got(err, auditFields...) {
		return
	}
	p := engine.Need(s.Reading, set.Properties, auditFields...)
	if set.Properties == nil || !enabled(s.Reading, p.State, auditFields...) {
		return
	}
	if p.StorageEndpoint != "" {
		days := engine.Need(s.Reading, p.RetentionDays, "audit_days", "audit_forever")
		s.kept(days, p.RetentionDays != nil && days == 0)
	}
	if p.IsAzureMonitorTargetEnabled {
		s.monitored()
	}
}

// kept notes a place where records are kept.
func (s *sqlServer) kept(days int64, forever bool) {
	s.doc.Auditing = true
	s.doc.AuditDays = max(s.doc.AuditDays, days)
	s.doc.AuditForever = s.doc.AuditForever || forever
}

// monitored reads the diagnostic settings by which the records are sent on:
// those of the database master stand for the server.
func (s *sqlServer) monitored() {
	for _, setting := range diagnosticSettings(s.Reading, "/databases/master", auditFields...) {
		if !sends([]diagnosticSetting{setting}, []string{"SQLSecurityAuditEvents"}, "audit") {
			continue
		}
		if id := setting.Properties.WorkspaceID; id != "" {
			s.kept(workspaceDays(s.Reading, id, "audit_days"), false)
		}
		if setting.Properties.StorageAccountID != "" {
			s.kept(0, true)
		}
		if setting.Properties.EventHubAuthorizationRuleID+setting.Properties.MarketplacePartnerID != "" {
			s.doc.Auditing = true
			s.Strange("retention outside of Azure", "audit_days", "audit_forever")
		}
	}
}

// workspaceDays returns for how long a workspace keeps what diagnostic settings
// send it, archive included. Workspaces are often in another subscription.
func workspaceDays(r *engine.Reading, id string, fields ...string) int64 {
	id = strings.ToLower(id)
	table, err := engine.OnceTogether(r, "diagnostics in "+id, func() (logTable, error) {
		var table logTable
		err := r.FetchOf(readWorkspaceTables, id, "/tables/AzureDiagnostics", "2023-09-01", &table)
		return table, err
	})
	if !r.Got(err, fields...) {
		return 0
	}
	return engine.Need(r, table.Properties.TotalRetentionInDays, fields...)
}

var assessmentFields = []string{"assessment", "recurring_scans"}

// assessment reads how vulnerability assessment is set up. A server has it in
// the express form, which scans every week, or in the classic one; an instance
// in the classic one only
// (learn.microsoft.com/azure/defender-for-cloud/sql-azure-vulnerability-assessment-overview).
func (s *sqlServer) assessment() {
	s.findings()
	if !s.Wants(assessmentFields...) {
		return
	}
	if !s.doc.ManagedInstance && s.express() {
		return
	}
	var classic struct {
		Properties *struct {
			StorageContainerPath string
			RecurringScans       struct{ IsEnabled bool }
		}
	}
	err := s.Fetch(s.typ+"/vulnerabilityAssessments/read", "/vulnerabilityAssessments/default", sqlVersion, &classic)
	if !s.Got(err, assessmentFields...) {
		return
	}
	p := engine.Need(s.Reading, classic.Properties, assessmentFields...)
	if p.StorageContainerPath != "" || p.RecurringScans.IsEnabled {
		s.doc.Assessment, s.doc.RecurringScans = "classic", p.RecurringScans.IsEnabled
	}
}

// express reads the express form, and reports whether that settles it.
func (s *sqlServer) express() bool {
	var express struct {
		Properties *struct{ State string }
	}
	err := s.Fetch(sqlServerType+"/sqlVulnerabilityAssessments/read", "/sqlVulnerabilityAssessments/default", sqlVersion, &express)
	if !s.Got(err, assessmentFields...) {
		return true
	}
	if !enabled(s.Reading, engine.Need(s.Reading, express.Properties, assessmentFields...).State, assessmentFields...) {
		return false
	}
	s.doc.Assessment, s.doc.RecurringScans = "express", true
	return true
}

// sqlAssessment is the name of Defender's assessment "SQL databases should have
// vulnerability findings resolved", which holds what the scans found.
const sqlAssessment = "82e20e14-edc5-4373-bfc4-f13121257c37"

// findings counts the open ones. The checks that passed are in the same list: a
// server without any was never scanned.
func (s *sqlServer) findings() {
	if !s.Wants("high_findings") {
		return
	}
	counts, err := engine.Once(s.Reading, "findings of SQL", func() (map[string]sqlFindings, error) {
		all, err := engine.FetchAllOf[subAssessment](s.Reading, readSubAssessments, "/subscriptions/"+s.Row.Subscription, "/providers/Microsoft.Security/assessments/"+sqlAssessment+"/subAssessments", "2019-01-01-preview")
		counts := map[string]sqlFindings{}
		for _, f := range all {
			server, _, _ := strings.Cut(strings.ToLower(f.Properties.ResourceDetails.ID), "/databases/")
			counts[server] = counts[server].with(f.severe())
		}
		return counts, err
	})
	s.Got(err, "high_findings")
	found, scanned := counts[s.ID]
	if err == nil && !scanned {
		s.Absent(readSubAssessments, "high_findings")
	}
	if found.strange {
		s.Strange("status of a finding", "high_findings")
	}
	s.doc.HighFindings = found.severe
}

// sqlFindings is what was found on one server.
type sqlFindings struct {
	severe  int64
	strange bool // of some nothing is known
}

func (f sqlFindings) with(severe, known bool) sqlFindings {
	if severe {
		f.severe++
	}
	f.strange = f.strange || !known
	return f
}
