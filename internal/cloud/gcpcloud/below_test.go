package gcpcloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// above is what an organization sets for all below it, in a way that turns the
// verdicts on what the test data has: a project of its own would be judged
// otherwise. Each line replaces or adds one asset.
const above = `
{"name":"//cloudresourcemanager.googleapis.com/organizations/3001","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/3001"],"resource":{"version":"v3","data":{"name":"organizations/3001","displayName":"example.com","state":"ACTIVE"}},
 "iam_policy":{"version":1,"bindings":[{"role":"roles/owner","members":["user:root@example.com"]},{"role":"roles/browser","members":["allUsers","user:guest@elsewhere.example","deleted:user:lin@example.com?uid=1"]},{"role":"roles/cloudkms.admin","members":["user:kim@example.com","user:ada@example.com"]},
 {"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["user:kim@example.com"]},{"role":"roles/iam.serviceAccountUser","members":["user:eve@example.com"]},{"role":"roles/iam.serviceAccountAdmin","members":["user:eve@example.com"]},{"role":"roles/run.invoker","members":["allUsers"]},
 {"role":"roles/viewer","members":["allUsers"]},{"role":"roles/storage.admin","members":["serviceAccount:shop@shop-prod.iam.gserviceaccount.com","serviceAccount:deploy@shop-test.iam.gserviceaccount.com"]}],
 "audit_configs":[{"service":"allServices","audit_log_configs":[{"log_type":"ADMIN_READ"},{"log_type":"DATA_READ"},{"log_type":"DATA_WRITE"}]}]},
 "org_policy":[{"constraint":"constraints/storage.publicAccessPrevention","boolean_policy":{"enforced":true}},{"constraint":"constraints/compute.disableSerialPortAccess","boolean_policy":{"enforced":true}},{"constraint":"constraints/iam.disableServiceAccountKeyCreation","boolean_policy":{"enforced":true}},
 {"constraint":"constraints/gcp.resourceLocations","list_policy":{"allowed_values":["in:eu-locations"]}},{"constraint":"constraints/iam.allowedPolicyMemberDomains","list_policy":{"allowed_values":["C01"]}}]}
{"name":"//compute.googleapis.com/locations/global/firewallPolicies/9","asset_type":"compute.googleapis.com/FirewallPolicy","ancestors":["organizations/3001"],"resource":{"version":"v1","data":{"id":"9","name":"9","associations":[{"attachmentTarget":"organizations/3001","firewallPolicyId":"9"}],
 "rules":[{"priority":1,"direction":"INGRESS","action":"deny","match":{"srcIpRanges":["0.0.0.0/0","::/0"],"layer4Configs":[{"ipProtocol":"all"}]}}]}}}
{"name":"//logging.googleapis.com/organizations/3001/sinks/all","asset_type":"logging.googleapis.com/LogSink","ancestors":["organizations/3001"],"resource":{"version":"v2","data":{"name":"all","destination":"storage.googleapis.com/shop-receipts","includeChildren":true}}}
{"name":"//logging.googleapis.com/organizations/3001/sinks/central","asset_type":"logging.googleapis.com/LogSink","ancestors":["organizations/3001"],"resource":{"version":"v2","data":{"name":"central","destination":"logging.googleapis.com/projects/shop-prod/locations/global/buckets/archive","includeChildren":true}}}
{"name":"//logging.googleapis.com/projects/shop-prod/metrics/everything","asset_type":"logging.googleapis.com/LogMetric","ancestors":["projects/100000000001","folders/2001","organizations/3001"],"resource":{"version":"v2","data":{"name":"everything","filter":"resource.type!=\"gce_instance\"","bucketName":"projects/shop-prod/locations/global/buckets/archive"}}}
{"name":"//monitoring.googleapis.com/projects/shop-prod/notificationChannels/5","asset_type":"monitoring.googleapis.com/NotificationChannel","ancestors":["projects/100000000001","folders/2001","organizations/3001"],"resource":{"version":"v3","data":{"name":"projects/shop-prod/notificationChannels/5","enabled":true}}}
{"name":"//monitoring.googleapis.com/projects/shop-prod/alertPolicies/5","asset_type":"monitoring.googleapis.com/AlertPolicy","ancestors":["projects/100000000001","folders/2001","organizations/3001"],"resource":{"version":"v3","data":{"name":"projects/shop-prod/alertPolicies/5","enabled":true,"combiner":"OR","notificationChannels":["projects/shop-prod/notificationChannels/5"],
 "conditions":[{"conditionThreshold":{"filter":"metric.type=\"logging.googleapis.com/user/everything\" AND resource.type=\"logging_bucket\"","comparison":"COMPARISON_GT","thresholdValue":0,"duration":"0s"}}]}}}
{"name":"//pubsub.googleapis.com/projects/shop-test/topics/dead-letters","asset_type":"pubsub.googleapis.com/Topic","ancestors":["projects/100000000002","organizations/3001"],"resource":{"version":"v1","data":{"name":"projects/shop-test/topics/dead-letters"}},
 "iam_policy":{"bindings":[{"role":"roles/pubsub.publisher","members":["serviceAccount:service-100000000001@gcp-sa-pubsub.iam.gserviceaccount.com"]}]}}
{"name":"//accessapproval.googleapis.com/organizations/3001/accessApprovalSettings","asset_type":"accessapproval.googleapis.com/AccessApprovalSettings","ancestors":["organizations/3001"],"resource":{"version":"v1","data":{"name":"organizations/3001/accessApprovalSettings","enrolledServices":[{"cloudProduct":"all"}]}}}
`

// asset is what the tests ask of a line.
type asset struct {
	Name      string          `json:"name"`
	Type      string          `json:"asset_type"`
	Ancestors []string        `json:"ancestors"`
	Policy    json.RawMessage `json:"iam_policy"`
	Resource  struct {
		Data json.RawMessage `json:"data"`
	} `json:"resource"`
	line string
}

// assetsBelow returns all test data with what is set above in its place.
func assetsBelow(t *testing.T) []asset {
	t.Helper()
	var all []asset
	at := map[string]int{}
	take := func(text []byte) {
		for decoder := json.NewDecoder(bytes.NewReader(text)); decoder.More(); {
			var line json.RawMessage
			var a asset
			if err := decoder.Decode(&line); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(line, &a); err != nil {
				t.Fatal(err)
			}
			var flat bytes.Buffer
			if err := json.Compact(&flat, line); err != nil {
				t.Fatal(err)
			}
			a.line = flat.String() + "\n"
			if n, there := at[a.Type+" "+a.Name]; there {
				all[n] = a
				continue
			}
			at[a.Type+" "+a.Name] = len(all)
			all = append(all, a)
		}
	}
	for _, file := range must(filepath.Glob("../../../scanners/gcp/testdata/*.ndjson"))(t) {
		take(must(os.ReadFile(filepath.Clean(file)))(t))
	}
	take([]byte(above))
	return all
}

// serveBelow starts a Google Cloud with the assets, that refuses every direct
// read but those of what projects have.
func serveBelow(t *testing.T, assets []asset) *gcptest.Server {
	t.Helper()
	var text strings.Builder
	for _, a := range assets {
		text.WriteString(a.line)
	}
	server := must(gcptest.Start(strings.NewReader(text.String())))(t)
	t.Cleanup(server.Close)
	for _, file := range must(filepath.Glob("../../../scanners/gcp/testdata/*.rest.json"))(t) {
		if err := server.Load(must(os.ReadFile(filepath.Clean(file)))(t)); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// answerAbove lets a server answer what is asked of folders and organizations.
func answerAbove(t *testing.T, server *gcptest.Server, assets []asset) {
	t.Helper()
	sinks, policies := map[string][]string{}, map[string][]string{}
	for _, a := range assets {
		switch owner := a.Ancestors[0]; {
		case strings.HasPrefix(owner, "projects/"):
		case a.Policy != nil:
			camel := strings.NewReplacer("audit_configs", "auditConfigs", "audit_log_configs", "auditLogConfigs", "log_type", "logType", "{", `{"etag":"a",`).Replace(string(a.Policy))
			server.AnswerJSON("POST /v3/"+owner+":getIamPolicy", strings.ReplaceAll(camel, `"etag":"a",}`, "}"))
		case strings.HasSuffix(a.Type, "/LogSink"):
			sinks[owner] = append(sinks[owner], string(a.Resource.Data))
		case strings.HasSuffix(a.Type, "/FirewallPolicy"):
			id := a.Name[strings.LastIndexByte(a.Name, '/')+1:]
			server.AnswerJSON("GET /compute/v1/locations/global/firewallPolicies/"+id, string(a.Resource.Data))
			policies[owner] = append(policies[owner], fmt.Sprintf(`{"firewallPolicyId":%q}`, id))
		}
	}
	for owner, list := range sinks {
		server.AnswerJSON("GET /v2/"+owner+"/sinks", `{"sinks":[`+strings.Join(list, ",")+`]}`)
	}
	server.Answer("GET /compute/v1/locations/global/firewallPolicies/listAssociations", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"kind":"compute#associations","associations":[%s]}`, strings.Join(policies[r.URL.Query().Get("targetResource")], ","))
	})
}

// statuses judges all of an inventory by all rules: the statuses by rule, account
// and resource.
func statuses(t *testing.T, loaded *policy.Policy, inventory *gcp.Inventory) map[string]posture.Status {
	t.Helper()
	want := posture.Want{}
	for _, typ := range loaded.Types() {
		want[typ] = loaded.Fields(typ)
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	found := map[string]posture.Status{}
	for _, target := range must(inventory.Targets(t.Context()))(t) {
		inventory.Project(target).Scan(t.Context(), want, func(r posture.Resource) {
			for _, f := range must(loaded.Judge(r, now))(t) {
				found[f.Rule+" "+f.Account+" "+f.Resource] = f.Status
			}
		})
	}
	return found
}

func (w way) open(t *testing.T, assets []asset, scope string) *gcp.Inventory {
	t.Helper()
	if w == inExport {
		var text strings.Builder
		for _, a := range assets {
			if slices.Contains(a.Ancestors, scope) {
				text.WriteString(a.line)
			}
		}
		return must(gcp.FromExport([]gcp.Export{{Name: "file", Reader: strings.NewReader(text.String())}}, gcp.Options{Complete: true}))(t)
	}
	server := serveBelow(t, assets)
	if w == answered {
		answerAbove(t, server, assets)
	}
	root := must(gcp.InProject(scope))
	switch kind, id, _ := strings.Cut(scope, "/"); kind {
	case "folders":
		root = must(gcp.InFolder(id))
	case "organizations":
		root = must(gcp.InOrganization(id))
	}
	o := gcp.Options{Client: server.Inventory(), REST: server.REST(), PerMinute: 100_000, Attempts: 1, NoReread: true}
	inventory := must(gcp.Open(t.Context(), root(t), o))(t)
	t.Cleanup(func() { _ = inventory.Close() })
	return inventory
}

// way is how what lies above a scope can be known.
type way string

const (
	refused  way = "refused"
	answered way = "answered"
	inExport way = "export"
)

// notReadAbove are the rules that turn on what lies above, or on other projects;
// notAnswered those of them that stay unknown though it is answered. What is in
// force of organization policies and Access Approval the project itself is asked,
// which nobody answers here; an alert in a project that is not scanned stays unknown.
var (
	notAnswered = []string{
		"gcp-access-approval", "gcp-alert-iam-ownership-and-roles", "gcp-alert-network-changes", "gcp-alert-storage-and-sql-changes",
		"gcp-compute-no-serial-port", "gcp-log-sink-bucket-not-public", "gcp-orgpolicy-baseline", "gcp-pubsub-dead-letter", "gcp-storage-bucket-not-public",
	}
	notReadAbove = []string{
		"gcp-access-approval", "gcp-alert-iam-ownership-and-roles", "gcp-alert-network-changes", "gcp-alert-storage-and-sql-changes",
		"gcp-audit-logs-all-services", "gcp-bigquery-dataset-not-public", "gcp-compute-no-serial-port", "gcp-firewall-no-open-all",
		"gcp-firewall-no-open-rdp", "gcp-firewall-no-open-ssh", "gcp-functions-ingress-internal", "gcp-functions-not-public",
		"gcp-iam-kms-separation-of-duties", "gcp-iam-no-deleted-members", "gcp-iam-no-primitive-roles", "gcp-iam-no-public-members",
		"gcp-iam-no-sa-user-at-project", "gcp-iam-sa-no-admin", "gcp-iam-sa-separation-of-duties", "gcp-kms-not-public",
		"gcp-log-sink-bucket-not-public", "gcp-log-sink-bucket-retention-locked", "gcp-logging-sink-all-entries", "gcp-orgpolicy-baseline",
		"gcp-pubsub-dead-letter", "gcp-run-ingress-internal", "gcp-run-not-public", "gcp-secretmanager-not-public-and-rotated",
		"gcp-storage-access-logging", "gcp-storage-bucket-not-public",
	}
)

// TestBelowTheOrganization scans projects and a folder as scopes of their own and
// compares with the organization as a whole: where what lies above is answered
// all is the same, and where it is not a finding is unknown or the same, never
// another one.
func TestBelowTheOrganization(t *testing.T) {
	t.Parallel()
	loaded, assets := allRules(t), assetsBelow(t)
	for by, want := range map[way][]string{refused: notReadAbove, answered: notAnswered, inExport: notReadAbove} {
		whole, turned := statuses(t, loaded, by.open(t, assets, "organizations/3001")), map[string]bool{}
		for _, scope := range []string{"projects/100000000001", "projects/100000000002", "projects/100000000003", "folders/2001"} {
			for finding, status := range statuses(t, loaded, by.open(t, assets, scope)) {
				rule, _, _ := strings.Cut(finding, " ")
				switch is := whole[finding]; {
				case rule == "gcp-scc-enabled": // it is asked of what the scope begins with
				case status == posture.Unknown && is != posture.Unknown:
					turned[rule] = true
				case status != is && status != posture.Unknown:
					t.Errorf("%s, %s: %s is %q, in the organization %q", by, scope, finding, status, is)
				}
			}
		}
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(slices.Sorted(maps.Keys(turned)), "\n")); diff != "" {
			t.Errorf("%s: rules with findings that turn unknown: %s", by, diff)
		}
	}
}
