package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// CloudProject is what rules may ask of a project. What is "own" is said by
// the project's IAM policy, what is inherited by those of its folders and its
// organization.
type CloudProject struct {
	PublicGrants           []engine.Grant `json:"public_grants"`                         // own grants to allUsers or allAuthenticatedUsers
	InheritedPublicGrants  []engine.Grant `json:"inherited_public_grants"`               // the same, inherited
	Domains                []string       `json:"domains"`                               // domains of the people and groups that its own grants name: "example.com", "gmail.com"
	InheritedDomains       []string       `json:"inherited_domains"`                     // the same, inherited
	BasicGrants            []engine.Grant `json:"basic_grants"`                          // own grants of roles/owner or roles/editor; Google's own agents left out
	InheritedBasicGrants   []engine.Grant `json:"inherited_basic_grants"`                // the same, inherited
	ActAsGrants            []engine.Grant `json:"act_as_grants"`                         // own grants of Service Account User or Token Creator, hence on every service account
	InheritedActAsGrants   []engine.Grant `json:"inherited_act_as_grants"`               // the same, inherited
	DeletedGrants          []engine.Grant `json:"deleted_grants"`                        // own grants to members that were deleted, which get them back when they are undeleted
	InheritedDeletedGrants []engine.Grant `json:"inherited_deleted_grants"`              // the same, inherited
	KMSDuties              []string       `json:"both_kms_duties"`                       // members that own grants make both KMS administrator and user of keys
	EffectiveKMSDuties     []string       `json:"effective_both_kms_duties"`             // the same, by own and inherited grants together
	AccountDuties          []string       `json:"both_service_account_duties"`           // members that own grants make both administrator and user of service accounts
	EffectiveAccountDuties []string       `json:"effective_both_service_account_duties"` // the same, by own and inherited grants together
	AuditLogs              AuditLogs      `json:"audit_logs"`                            // what its own audit configuration switches on
	InheritedAuditLogs     AuditLogs      `json:"inherited_audit_logs"`                  // the same, inherited: it holds for the project, too
}

// AuditLogs is what an audit configuration switches on for all services.
type AuditLogs struct {
	AdminRead bool     `json:"admin_read"` // reads of metadata
	DataRead  bool     `json:"data_read"`  // reads of data
	DataWrite bool     `json:"data_write"` // writes of data
	Exempted  []string `json:"exempted"`   // members of whom some access is not logged, in whatever service
}

var projects = engine.Service{
	Type: scanners.Type{
		Name:    engine.TypeProject,
		Doc:     CloudProject{},
		Console: scanners.Console{Path: "/iam-admin/settings?project={project}"},
	},
	Versions: []string{"v1", "v3", "v1beta1"},
	Policies: scanners.FieldsOf(CloudProject{}),
	Get: []engine.Get{{
		Op: "cloudresourcemanager.projects.get", Permission: "resourcemanager.projects.get",
		Root: "https://cloudresourcemanager.googleapis.com/v3/", Version: "v3",
		Policy: engine.PolicyGet{Op: "cloudresourcemanager.projects.getIamPolicy", Permission: "resourcemanager.projects.getIamPolicy", Form: engine.PolicyPosted},
	}},
	Read: readProject,
}

func readProject(ctx context.Context, r *engine.Reading) any {
	r.Name = r.Owner().ID
	var data engine.Labelled
	r.Decode(&data)
	doc := &CloudProject{}
	readAccess(ctx, r, doc)
	readDuties(ctx, r, doc)
	readAuditLogs(ctx, r, doc)
	return doc
}

func readAccess(ctx context.Context, r *engine.Reading, doc *CloudProject) {
	own := r.Grants("public_grants", "domains", "basic_grants", "act_as_grants", "deleted_grants")
	doc.PublicGrants, doc.BasicGrants, doc.ActAsGrants = where(own, toPublic), where(own, isBasic), where(own, impersonates)
	doc.Domains, doc.DeletedGrants = domains(own), where(own, toDeleted)
	above := r.Inherited(ctx, "inherited_public_grants", "inherited_domains", "inherited_basic_grants", "inherited_act_as_grants", "inherited_deleted_grants")
	doc.InheritedPublicGrants, doc.InheritedBasicGrants, doc.InheritedActAsGrants = where(above, toPublic), where(above, isBasic), where(above, impersonates)
	doc.InheritedDomains, doc.InheritedDeletedGrants = domains(above), where(above, toDeleted)
}

// readDuties finds who holds both of two duties that are to be apart. A member
// may hold one of them on the project and the other above it.
func readDuties(ctx context.Context, r *engine.Reading, doc *CloudProject) {
	own := r.Grants("both_kms_duties", "both_service_account_duties")
	doc.KMSDuties, doc.AccountDuties = holdBoth(own, administersKeys, usesKeys), holdBoth(own, administersAccounts, usesAccounts)
	effective := []string{"effective_both_kms_duties", "effective_both_service_account_duties"}
	both := slices.Concat(r.Grants(effective...), r.Inherited(ctx, effective...))
	doc.EffectiveKMSDuties = holdBoth(both, administersKeys, usesKeys)
	doc.EffectiveAccountDuties = holdBoth(both, administersAccounts, usesAccounts)
}

func administersKeys(role string) bool { return role == "roles/cloudkms.admin" }

func usesKeys(role string) bool { return strings.HasPrefix(role, "roles/cloudkms.crypto") }

func administersAccounts(role string) bool { return role == "roles/iam.serviceAccountAdmin" }

func usesAccounts(role string) bool { return role == "roles/iam.serviceAccountUser" }

func readAuditLogs(ctx context.Context, r *engine.Reading, doc *CloudProject) {
	if r.Wants("audit_logs") {
		p, err := r.OwnPolicy("audit_logs")
		if r.Got(err, "audit_logs") && p != nil {
			doc.AuditLogs = newAuditLogs(p)
		}
	}
	if r.Wants("inherited_audit_logs") {
		doc.InheritedAuditLogs = newAuditLogs(r.PoliciesAbove(ctx, "inherited_audit_logs")...)
	}
}

// newAuditLogs returns what the audit configurations of policies switch on:
// what one switches on no other switches off.
func newAuditLogs(policies ...*engine.Policy) AuditLogs {
	var logs AuditLogs
	for _, p := range policies {
		for _, a := range p.Audit {
			all := a.Service == "allServices"
			logs.AdminRead = logs.AdminRead || all && a.Type == "ADMIN_READ"
			logs.DataRead = logs.DataRead || all && a.Type == "DATA_READ"
			logs.DataWrite = logs.DataWrite || all && a.Type == "DATA_WRITE"
			logs.Exempted = append(logs.Exempted, a.Exempted...)
		}
	}
	slices.Sort(logs.Exempted)
	logs.Exempted = slices.Compact(logs.Exempted)
	return logs
}
