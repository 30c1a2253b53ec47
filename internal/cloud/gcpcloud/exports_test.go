package gcpcloud

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners/gcp"
)

// The lines of a made-up organization, as exports have them. Its project harbor
// has the number 501, its project quay 502, and both lie in no folder.
const (
	orgLine  = `{"name":"//cloudresourcemanager.googleapis.com/organizations/77","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/77"],"resource":{"version":"v1","data":{"displayName":"port.example","lifecycleState":"ACTIVE"}}}`
	orgGrant = `{"name":"//cloudresourcemanager.googleapis.com/organizations/77","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/77"],"iam_policy":{"bindings":[{"role":"roles/browser","members":["group:crew@port.example"]}]}}`
	orgAsset = `{"name":"//orgpolicy.googleapis.com/organizations/77/policies/compute.requireShieldedVm","asset_type":"orgpolicy.googleapis.com/Policy","ancestors":["organizations/77"],"resource":{"version":"v2","data":{"name":"organizations/77/policies/compute.requireShieldedVm","spec":{"rules":[{"enforce":true}]}}}}`
	orgRules = `{"name":"//cloudresourcemanager.googleapis.com/organizations/77","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/77"],"org_policy":[{"constraint":"constraints/compute.requireShieldedVm","boolean_policy":{"enforced":true},"update_time":"2026-05-01T10:00:00Z"}]}`
)

// line returns a line about a thing of the project with the number.
func line(name, typ, number, content string) string {
	return fmt.Sprintf(`{"name":"%s","asset_type":"%s","ancestors":["projects/%s","organizations/77"],%s}`, name, typ, number, content)
}

func projectLine(id, number string) string {
	return line("//cloudresourcemanager.googleapis.com/projects/"+id, "cloudresourcemanager.googleapis.com/Project", number,
		`"resource":{"version":"v1","data":{"projectId":"`+id+`","projectNumber":"`+number+`","lifecycleState":"ACTIVE"}}`)
}

func projectGrant(id, number string) string {
	return line("//cloudresourcemanager.googleapis.com/projects/"+id, "cloudresourcemanager.googleapis.com/Project", number,
		`"iam_policy":{"bindings":[{"role":"roles/browser","members":["group:crew@port.example"]}]}`)
}

func projectRules(id, number, policies string) string {
	return line("//cloudresourcemanager.googleapis.com/projects/"+id, "cloudresourcemanager.googleapis.com/Project", number, `"org_policy":`+policies)
}

func topicLine(name, number string) string {
	return line("//pubsub.googleapis.com/projects/"+number+"/topics/"+name, "pubsub.googleapis.com/Topic", number,
		`"resource":{"version":"v1","data":{"name":"projects/`+number+`/topics/`+name+`"}}`)
}

func bucketLine(name, number string) string {
	return line("//storage.googleapis.com/"+name, "storage.googleapis.com/Bucket", number,
		`"resource":{"version":"v1","location":"eu","data":{"name":"`+name+`","locationType":"multi-region","versioning":{"enabled":true},"iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true}}}}`)
}

func bucketGrant(name, number, member string) string {
	return line("//storage.googleapis.com/"+name, "storage.googleapis.com/Bucket", number,
		`"iam_policy":{"bindings":[{"role":"roles/storage.objectViewer","members":["`+member+`"]}]}`)
}

func imageLine(name, number, content string) string {
	return line("//compute.googleapis.com/projects/"+number+"/global/images/"+name, "compute.googleapis.com/Image", number, content)
}

const imageData = `"resource":{"version":"v1","data":{"name":"i"}}`

const bound = `[{"constraint":"constraints/storage.publicAccessPrevention","boolean_policy":{"enforced":true}}]`

// lines joins lines to the text of a file.
func lines(each ...string) string { return strings.Join(each, "\n") + "\n" }

// judgeExports reads files and judges them by all rules: statuses by account,
// name and rule, each with the cause of what is unknown.
func judgeExports(t *testing.T, complete bool, files ...string) map[string]string {
	t.Helper()
	loaded := allRules(t)
	want := posture.Want{}
	for _, typ := range loaded.Types() {
		want[typ] = loaded.Fields(typ)
	}
	var exports []gcp.Export
	for i, text := range files {
		exports = append(exports, gcp.Export{Name: fmt.Sprintf("file%d", i+1), Reader: strings.NewReader(text)})
	}
	inventory := must(gcp.FromExport(exports, gcp.Options{Complete: complete}))(t)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	found := map[string]string{}
	for _, target := range must(inventory.Targets(t.Context()))(t) {
		found[target.Account] = "scanned"
		report := inventory.Project(target).Scan(t.Context(), want, func(r posture.Resource) {
			for _, f := range must(loaded.Judge(r, now))(t) {
				found[f.Account+" "+f.Name+" "+f.Rule] = outcome(f)
			}
		})
		for _, population := range report.Populations {
			if population.Complete {
				continue
			}
			for _, f := range loaded.Unlisted(target, population) {
				found[f.Account+" all "+f.Rule] = outcome(f)
			}
		}
	}
	return found
}

// outcome returns a finding's status, and for an unknown one the causes.
func outcome(f posture.Finding) string {
	causes := map[string]bool{}
	for _, u := range f.Unknown {
		causes[u.Cause.String()] = true
	}
	return strings.Join(append([]string{string(f.Status)}, slices.Sorted(maps.Keys(causes))...), "; ")
}

const (
	noPolicies = "unknown; cloudasset.ListAssets(IAM_POLICY): not listed"
	noRules    = "unknown; cloudasset.ListAssets(ORG_POLICY): not listed"
	noAssets   = "unknown; cloudasset.ListAssets(RESOURCE): not listed"
)

// exportCase is files, and what is found in them; "" stands for nothing.
type exportCase struct {
	complete bool
	files    []string
	want     map[string]string
}

func (c exportCase) check(t *testing.T) {
	t.Helper()
	got := judgeExports(t, c.complete, c.files...)
	for key, want := range c.want {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
}

// TestExportedPolicies: a project without a line of its own for a content has
// unread policies, whatever other lines there are, and none only where a person
// says so.
func TestExportedPolicies(t *testing.T) {
	t.Parallel()
	base := lines(orgLine, orgAsset, projectLine("harbor", "501"), projectLine("quay", "502"), bucketLine("crates", "501"), bucketLine("ropes", "502"), topicLine("tide", "501"))
	const harborRole, quayRole = "harbor harbor gcp-iam-no-primitive-roles", "quay quay gcp-iam-no-primitive-roles"
	const harborLogs, quayLogs = "harbor harbor gcp-audit-logs-all-services", "quay quay gcp-audit-logs-all-services"
	const harborRules, quayRules = "harbor harbor gcp-orgpolicy-baseline", "quay quay gcp-orgpolicy-baseline"
	const crates, ropes = "harbor crates gcp-storage-bucket-not-public", "quay ropes gcp-storage-bucket-not-public"
	all := lines(orgGrant, projectGrant("harbor", "501"), projectGrant("quay", "502"))
	buckets := all + lines(bucketGrant("crates", "501", "group:crew@port.example"), bucketGrant("ropes", "502", "group:crew@port.example"))
	base += lines(imageLine("hull", "501", imageData), imageLine("mast", "502", imageData))
	const hull, mast = "harbor hull gcp-compute-image-not-public", "quay mast gcp-compute-image-not-public"
	for name, test := range map[string]exportCase{
		"policies of projects only": {false, []string{base, lines(orgGrant, projectGrant("harbor", "501"), projectGrant("quay", "502"))}, map[string]string{
			hull: noPolicies, mast: noPolicies, harborRole: "pass", quayRole: "pass", crates: noPolicies + "; cloudasset.ListAssets(ORG_POLICY): not listed",
		}},
		"policies of projects and of buckets only": {false, []string{base, all, lines(bucketGrant("crates", "501", "group:crew@port.example"))}, map[string]string{
			hull: noPolicies, mast: noPolicies, harborRole: "pass",
		}},
		"a policy of another image of the project": {false, []string{base + imageLine("keel", "501", imageData) + "\n", all + lines(imageLine("keel", "501", `"iam_policy":{"bindings":[{"role":"roles/compute.imageUser","members":["group:crew@port.example"]}]}`))}, map[string]string{
			hull: "pass", mast: noPolicies,
		}},
		"policies of projects only, said to be complete": {true, []string{base, lines(orgGrant, projectGrant("harbor", "501"), projectGrant("quay", "502"))}, map[string]string{
			hull: "pass", mast: "pass", harborRole: "pass",
		}},
		"an image with a policy, and a project without": {false, []string{base, lines(imageLine("mast", "502", `"iam_policy":{"bindings":[{"role":"roles/compute.imageUser","members":["allUsers"]}]}`))}, map[string]string{
			hull: noPolicies, mast: "fail",
		}},
		"policies of buckets only": {false, []string{base, lines(bucketGrant("crates", "501", "group:crew@port.example"))}, map[string]string{
			harborRole: noPolicies, harborLogs: noPolicies, quayRole: noPolicies, quayLogs: noPolicies,
		}},
		"policies of one project": {false, []string{base, lines(orgGrant, projectGrant("harbor", "501"))}, map[string]string{
			harborRole: "pass", harborLogs: "fail", quayRole: noPolicies, quayLogs: noPolicies,
		}},
		"policies of projects, joined by hand": {false, []string{base + lines(projectGrant("quay", "502")), lines(orgGrant)}, map[string]string{
			quayRole: "pass", harborRole: noPolicies,
		}},
		"not of the organization": {false, []string{base, lines(projectGrant("harbor", "501"), projectGrant("quay", "502"))}, map[string]string{
			harborRole: noPolicies, quayLogs: noPolicies,
		}},
		"what is known decides": {false, []string{base, lines(projectGrant("harbor", "501"), strings.Replace(projectGrant("quay", "502"), "roles/browser", "roles/owner", 1))}, map[string]string{
			harborRole: noPolicies, quayRole: "fail",
		}},
		"said to be complete": {true, []string{base, lines(orgGrant, projectGrant("harbor", "501"))}, map[string]string{
			quayRole: "pass", quayLogs: "fail",
		}},
		"said to be complete, without any policy": {true, []string{base}, map[string]string{
			harborRole: noPolicies, quayLogs: noPolicies,
		}},
		"public by what is known": {false, []string{base, all, lines(bucketGrant("crates", "501", "allUsers"), orgRules, projectRules("harbor", "501", "[]"), projectRules("quay", "502", bound))}, map[string]string{
			crates: "fail", ropes: "pass",
		}},
		"organization policies of one project": {false, []string{base, buckets, lines(projectRules("quay", "502", bound))}, map[string]string{
			harborRules: noRules, crates: noRules, ropes: "pass",
		}},
		"organization policies, none on the project": {false, []string{base, buckets, lines(orgRules)}, map[string]string{
			harborRules: noRules, quayRules: noRules, crates: noRules,
		}},
		"organization policies, none on the organization": {false, []string{base, buckets, lines(projectRules("harbor", "501", "[]"))}, map[string]string{
			harborRules: noRules, crates: noRules,
		}},
		"organization policies, said to be complete": {true, []string{base, all, lines(orgRules)}, map[string]string{
			harborRules: "fail", quayRules: "fail",
		}},
		"organization policies, an empty file": {true, []string{base, all, ""}, map[string]string{
			harborRules: "fail", quayRules: "fail",
		}},
		"none of a project, but an empty list": {false, []string{base, all, lines(strings.Replace(orgRules, "compute.requireShieldedVm", "storage.publicAccessPrevention", 1), projectRules("harbor", "501", "[]"))}, map[string]string{
			crates: "pass", ropes: "pass", // what is known to be enforced above counts
		}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}

// TestExportedTypes: what a file shows of types holds for the projects that it
// is of, and for what is there several times once.
func TestExportedTypes(t *testing.T) {
	t.Parallel()
	whole := lines(orgLine, projectLine("harbor", "501"), bucketLine("crates", "501"), topicLine("tide", "501"))
	sink := line("//logging.googleapis.com/projects/501/sinks/hold", "logging.googleapis.com/LogSink", "501",
		`"resource":{"version":"v2","data":{"name":"hold","destination":"storage.googleapis.com/crates","filter":"severity>ERROR"}}`)
	orgSink := strings.NewReplacer("projects/501/sinks", "organizations/77/sinks", `"projects/501",`, "").Replace(sink)
	for name, test := range map[string]exportCase{
		"two exports of one project each": {false, []string{whole + lines(sink, orgSink), lines(projectLine("quay", "502"), bucketLine("ropes", "502"))}, map[string]string{
			"harbor harbor gcp-logging-sink-all-entries": "fail", "quay quay gcp-logging-sink-all-entries": noAssets, "quay ropes gcp-storage-versioning": "pass",
		}},
		"a file for each type": {false, []string{lines(projectLine("harbor", "501"), projectLine("quay", "502")), lines(orgLine), lines(sink, orgSink), lines(bucketLine("crates", "501"))}, map[string]string{
			"harbor harbor gcp-logging-sink-all-entries": "fail", "quay quay gcp-logging-sink-all-entries": "fail",
		}},
		"said to be complete": {true, []string{whole, lines(projectLine("quay", "502"), bucketLine("ropes", "502"))}, map[string]string{
			"quay quay gcp-logging-sink-all-entries": "fail", "harbor harbor gcp-logging-sink-all-entries": "fail",
		}},
		"a bucket three times": {false, []string{whole + lines(bucketLine("crates", "501")), whole}, map[string]string{
			"harbor crates gcp-storage-versioning": "pass",
		}},
		"a project twice, with two policies": {false, []string{whole, whole, lines(orgGrant, projectGrant("harbor", "501"), projectGrant("harbor", "501"))}, map[string]string{
			"harbor harbor gcp-iam-no-primitive-roles": "pass",
		}},
		"a folder that is missing": {false, []string{strings.ReplaceAll(whole, `,"organizations/77"]`, `,"folders/9","organizations/77"]`), lines(orgGrant, projectGrant("harbor", "501"))}, map[string]string{
			"harbor harbor gcp-iam-no-public-members": "unknown; cloudasset.ListAssets(RESOURCE): not listed", "folder-9": "",
		}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}

// TestExportedStrays: what belongs to a project, a folder or an organization
// without a line of its own is named, with its number.
func TestExportedStrays(t *testing.T) {
	t.Parallel()
	const why = "unknown; %s: not listed (the export has assets of it (%d), but no line of its own: export the type cloudresourcemanager.googleapis.com/%s too)"
	whole := lines(orgLine, projectLine("harbor", "501"), bucketLine("crates", "501"))
	ofFolder := strings.Replace(bucketLine("nets", "0"), `"projects/0"`, `"folders/9"`, 1)
	ofOrganization := strings.Replace(bucketLine("nets", "0"), `"projects/0",`, "", 1)
	for name, test := range map[string]exportCase{
		"a project": {false, []string{whole + lines(bucketLine("ropes", "502"), bucketLine("sails", "502"))}, map[string]string{
			"502 all gcp-storage-versioning": fmt.Sprintf(why, "projects/502", 2, "Project"), "502 all gcp-iam-no-primitive-roles": "", "harbor crates gcp-storage-versioning": "pass",
		}},
		"a folder": {false, []string{whole + lines(ofFolder)}, map[string]string{
			"folder-9 all gcp-storage-versioning": fmt.Sprintf(why, "folders/9", 1, "Folder"),
		}},
		"an organization": {false, []string{lines(projectLine("harbor", "501"), ofOrganization)}, map[string]string{
			"organization-77 all gcp-storage-versioning": fmt.Sprintf(why, "organizations/77", 1, "Organization"),
		}},
		"in another file, and said to be complete": {true, []string{whole, lines(bucketLine("ropes", "502"))}, map[string]string{
			"502 all gcp-storage-versioning": fmt.Sprintf(why, "projects/502", 1, "Project"),
		}},
		"of a type that no rule asks for": {false, []string{whole + lines(strings.Replace(bucketLine("ropes", "502"), "/Bucket", "/Basket", 1))}, map[string]string{
			"502": "",
		}},
		"policies only": {false, []string{whole + lines(projectGrant("quay", "502"))}, map[string]string{
			"502": "",
		}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}

// policyLine returns a firewall policy that lets SSH in, under one of the types
// that exports have for it.
func policyLine(name, typ, place string) string {
	return line("//compute.googleapis.com/projects/harbor/"+place+"/firewallPolicies/"+name, "compute.googleapis.com/"+typ, "501",
		`"resource":{"version":"v1","data":{"name":"`+name+`","associations":[{"attachmentTarget":"https://www.googleapis.com/compute/v1/projects/harbor/global/networks/sea"}],`+
			`"rules":[{"action":"allow","direction":"INGRESS","priority":100,"match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}}]}}`)
}

// TestExportedAliases: a firewall policy is judged under every type that an
// export may have for it, and once where it has two.
func TestExportedAliases(t *testing.T) {
	t.Parallel()
	base := lines(orgLine, projectLine("harbor", "501"), topicLine("tide", "501"))
	const mole, all = "harbor mole gcp-firewall-no-open-ssh", "harbor all gcp-firewall-no-open-ssh"
	guard := strings.NewReplacer(`"action":"allow"`, `"action":"deny"`, `"priority":100`, `"priority":1`).Replace(policyLine("guard", "NetworkFirewallPolicy", "global"))
	for name, test := range map[string]exportCase{
		"of folders":                     {false, []string{base + policyLine("mole", "FirewallPolicy", "global")}, map[string]string{mole: "fail", all: ""}},
		"global":                         {false, []string{base + policyLine("mole", "NetworkFirewallPolicy", "global")}, map[string]string{mole: "fail", all: ""}},
		"regional":                       {false, []string{base + policyLine("mole", "RegionNetworkFirewallPolicy", "regions/eu")}, map[string]string{mole: "fail", all: ""}},
		"under two":                      {false, []string{base + lines(policyLine("mole", "FirewallPolicy", "global"), policyLine("mole", "NetworkFirewallPolicy", "global"))}, map[string]string{mole: "fail", all: ""}},
		"of another version":             {false, []string{base + strings.Replace(policyLine("mole", "NetworkFirewallPolicy", "global"), `"v1"`, `"v9"`, 1)}, map[string]string{mole: "unknown; read compute.googleapis.com/Firewall: the answer is not understood (API version v9)", all: ""}},
		"without a form":                 {false, []string{base + line("//compute.googleapis.com/projects/harbor/global/firewallPolicies/mole", "compute.googleapis.com/NetworkFirewallPolicy", "501", `"resource":{"data":[1]}`)}, map[string]string{mole: "unknown; read file1:4: the answer cannot be read (the content has another form than in an export)", all: ""}},
		"that breaks off":                {false, []string{base + policyLine("mole", "NetworkFirewallPolicy", "global")[:230]}, map[string]string{mole: "", all: "unknown; read file1:4: the answer cannot be read (the line breaks off: the export is truncated, make it again)"}},
		"that another policy stops":      {false, []string{base + lines(strings.Replace(policyLine("mole", "RegionNetworkFirewallPolicy", "regions/eu"), `"associations"`, `"region":"eu","associations"`, 1), guard)}, map[string]string{mole: "pass", all: ""}},
		"of a type that nothing asks of": {false, []string{base + policyLine("mole", "OtherFirewallPolicy", "global")}, map[string]string{mole: ""}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}

// TestExportedRun: a service of Cloud Run is judged without the functions, but
// where its labels say that Cloud Functions manages it.
func TestExportedRun(t *testing.T) {
	t.Parallel()
	const name = "//run.googleapis.com/projects/harbor/locations/europe-west1/services/pilot"
	service := func(labels string) string {
		return line(name, "run.googleapis.com/Service", "501", `"resource":{"version":"v2","location":"europe-west1","data":{"labels":{`+labels+`},"ingress":"INGRESS_TRAFFIC_ALL","template":{"containers":[{"image":"pilot"}]}}}`)
	}
	grants := lines(orgGrant, projectGrant("harbor", "501"), line(name, "run.googleapis.com/Service", "501", `"iam_policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}`))
	base := lines(orgLine, projectLine("harbor", "501"))
	const pilot = "harbor pilot gcp-run-not-public"
	for name, test := range map[string]exportCase{
		"its own":                    {false, []string{base + lines(service("")), grants}, map[string]string{pilot: "fail"}},
		"managed by Cloud Functions": {false, []string{base + lines(service(`"goog-managed-by":"cloudfunctions"`)), grants}, map[string]string{pilot: noAssets}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}
