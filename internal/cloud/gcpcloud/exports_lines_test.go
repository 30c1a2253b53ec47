package gcpcloud

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"posture/scanners/gcp"
)

// indented returns lines as somebody who reads them would write them.
func indented(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	for line := range strings.Lines(text) {
		if err := json.Indent(&out, []byte(line), "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// array returns lines as an array.
func array(text string) string {
	return "[" + strings.Join(strings.Split(strings.TrimSpace(text), "\n"), ",\n") + "]\n"
}

// TestExportForms: the same assets are found in every form in which they may
// be written.
func TestExportForms(t *testing.T) {
	t.Parallel()
	text := lines(orgLine, orgGrant, orgRules, projectLine("harbor", "501"), projectGrant("harbor", "501"), bucketLine("crates", "501"))
	const seconds = `"update_time":{"seconds":1770000000,"nanos":5},"resource"`
	access := `{"name":"//cloudresourcemanager.googleapis.com/organizations/77","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/77"],"access_policy":{"name":"accessPolicies/8","title":"all"}}`
	perimeter := `{"name":"//accesscontextmanager.googleapis.com/accessPolicies/8/servicePerimeters/p","asset_type":"accesscontextmanager.googleapis.com/ServicePerimeter","service_perimeter":{"title":"p","status":{"a":1}},"update_time":{"seconds":"7"}}`
	camel := strings.NewReplacer("asset_type", "assetType", "iam_policy", "iamPolicy", "org_policy", "orgPolicy").Replace(text)
	want := judgeExports(t, false, text)
	for name, files := range map[string][]string{
		"byte order mark":            {"\xef\xbb\xbf" + text},
		"carriage returns":           {strings.ReplaceAll(text, "\n", "\r\n")},
		"no line end":                {strings.TrimSpace(text)},
		"blank lines":                {strings.ReplaceAll(text, "\n", "\n\n  \n")},
		"indented objects":           {indented(t, text)},
		"indented with tabs":         {strings.ReplaceAll(indented(t, text), "  ", "\t")},
		"an indented array":          {indented(t, strings.ReplaceAll(array(text), "\n", "")+"\n")},
		"an array of lines":          {array(text)},
		"an array on one line":       {strings.ReplaceAll(array(text), "\n", "")},
		"objects on one line":        {strings.ReplaceAll(text, "\n", " ")},
		"lines and indented objects": {lines(orgLine) + indented(t, lines(orgGrant, orgRules)) + array(lines(projectLine("harbor", "501"), projectGrant("harbor", "501"), bucketLine("crates", "501")))},
		"in camel case":              {camel},
		"times in parts":             {strings.ReplaceAll(text, `"resource"`, seconds)},
		"times in parts of policies": {strings.Replace(text, `"update_time":"2026-05-01T10:00:00Z"`, `"update_time":{"seconds":"1777629600","nanos":0}`, 1)},
		"a time that is none":        {strings.ReplaceAll(text, `"resource"`, `"update_time":"last week","resource"`)},
		"access policies":            {lines(access) + text + lines(perimeter)},
		"a file of access policies":  {text, lines(access, perimeter)},
		"an inventory of packages":   {text + lines(line("//compute.googleapis.com/projects/harbor/zones/z/instances/i", "compute.googleapis.com/Instance", "501", `"os_inventory":{"name":"x"}`))},
	} {
		t.Run(name, func(t *testing.T) {
			got := judgeExports(t, false, files...)
			for key, was := range want {
				if got[key] != was {
					t.Errorf("%s: %q, want %q", key, got[key], was)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d findings, want %d", len(got), len(want))
			}
		})
	}
}

// TestExportLinesLost: a line that cannot be read makes unknown what it may
// have held, with its number, and costs nothing else.
func TestExportLinesLost(t *testing.T) {
	t.Parallel()
	text := lines(orgLine, orgGrant, projectLine("harbor", "501"), projectGrant("harbor", "501"), bucketLine("crates", "501"), topicLine("tide", "501"))
	const crates, buckets, topics = "harbor crates gcp-storage-versioning", "harbor all gcp-storage-versioning", "harbor all gcp-pubsub-topic-cmek"
	const role = "harbor harbor gcp-iam-no-primitive-roles"
	cut := strings.TrimSuffix(bucketLine("ropes", "501"), `}}}`)
	typed := strings.Replace(cut, `"ancestors":["projects/501","organizations/77"],`, "", 1)
	const atEnd = "unknown; read file1:7: the answer cannot be read (the line breaks off: the export is truncated, make it again)"
	for name, test := range map[string]exportCase{
		"no JSON": {false, []string{text + lines("gcloud: a warning", bucketLine("sails", "501"))}, map[string]string{
			crates: "pass", "harbor sails gcp-storage-versioning": "pass", role: "pass",
			buckets: "unknown; read file1:7: the answer cannot be read (not an asset as gcloud asset export writes them, one JSON object on each line)",
			topics:  "unknown; read file1:7: the answer cannot be read (not an asset as gcloud asset export writes them, one JSON object on each line)",
		}},
		"breaks off in the middle": {false, []string{text + lines(cut, bucketLine("sails", "501"))}, map[string]string{
			crates: "pass", "harbor sails gcp-storage-versioning": "pass", buckets: atEnd, topics: "",
		}},
		"breaks off before it says whose it is": {false, []string{text + lines(typed, bucketLine("sails", "501"))}, map[string]string{
			buckets: atEnd, topics: "", "organization-77 all gcp-storage-versioning": atEnd,
		}},
		"breaks off at the end": {false, []string{text + cut}, map[string]string{
			crates: "pass", buckets: atEnd, topics: atEnd,
		}},
		"a list for data": {false, []string{text + lines(line("//storage.googleapis.com/ropes", "storage.googleapis.com/Bucket", "501", `"resource":{"version":"v1","data":[1]}`))}, map[string]string{
			crates: "pass", "harbor ropes gcp-storage-versioning": "unknown; read file1:7: the answer cannot be read (the content has another form than in an export)", buckets: "",
		}},
		"a policy that is a word": {false, []string{text + lines(imageLine("hull", "501", imageData), imageLine("hull", "501", `"iam_policy":"none"`))}, map[string]string{
			crates: "pass", role: "pass", "harbor hull gcp-compute-image-not-public": "unknown; read file1:8: the answer cannot be read (the content has another form than in an export)",
		}},
		"the project's policy is a word": {false, []string{lines(orgLine, orgGrant, projectLine("harbor", "501"), strings.Replace(projectGrant("harbor", "501"), `{"bindings"`, `{"bindings":7,"b"`, 1))}, map[string]string{
			role: "unknown; read file1:4: the answer cannot be read (the content has another form than in an export)",
		}},
		"organization policies that are a word": {true, []string{text + lines(orgRules, projectRules("harbor", "501", `"none"`))}, map[string]string{
			"harbor harbor gcp-orgpolicy-baseline": "unknown; read file1:8: the answer cannot be read (the content has another form than in an export)",
		}},
		"of nobody": {false, []string{text + lines(strings.Replace(bucketLine("ropes", "501"), `"ancestors":["projects/501","organizations/77"],`, "", 1))}, map[string]string{
			crates: "pass", topics: "",
			buckets: "unknown; read file1:7: the answer cannot be read (the inventory does not say to which project an asset belongs: storage.googleapis.com/Bucket)",
		}},
		"names only": {false, []string{text + lines(line("//storage.googleapis.com/ropes", "storage.googleapis.com/Bucket", "501", `"update_time":"2026-05-01T10:00:00Z"`))}, map[string]string{
			crates: "pass", topics: "",
			buckets: "unknown; read file1:7: the answer cannot be read (the asset has neither a resource nor a policy: export with --content-type resource, iam-policy or org-policy)",
		}},
		"two of them": {false, []string{text + lines("a", "b", "c")}, map[string]string{
			topics: "unknown; read file1:7: the answer cannot be read (not an asset as gcloud asset export writes them, one JSON object on each line; and 2 more)",
		}},
		"whatever a person says": {true, []string{text + lines("a")}, map[string]string{
			topics: "unknown; read file1:7: the answer cannot be read (not an asset as gcloud asset export writes them, one JSON object on each line)",
			role:   "pass",
		}},
		"an object that never ends": {false, []string{lines(`{`, `  "name": "x",`) + text}, map[string]string{
			crates: "pass", topics: "unknown; read file1:1: the answer cannot be read (the line breaks off: the export is truncated, make it again)",
		}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}

// TestExportsRefused: a file without any asset is refused by what it is.
func TestExportsRefused(t *testing.T) {
	t.Parallel()
	asset := `"asset":` + bucketLine("crates", "501")
	for name, test := range map[string]struct{ text, want string }{
		"nothing":           {"", "f: the export is empty: make it again, or pass --complete if there is nothing to export"},
		"blank":             {"\n \n", "f: the export is empty: make it again, or pass --complete if there is nothing to export"},
		"UTF-16":            {"\xff\xfe{\x00", "f: the file is UTF-16: write it as UTF-8"},
		"zipped":            {"\x1f\x8b\x08", "f: the file is compressed: unpack it first"},
		"a page":            {"<!DOCTYPE html>\n<p>sign in</p>", "f:1: a page of HTML or XML, not an export: look at it, and make the export again"},
		"a feed":            {"{" + asset + `,"window":{"startTime":"2026-05-01T10:00:00Z"},"priorAssetState":"PRESENT"}`, "f:1: a message of a feed, which tells one change: expected an export, from gcloud asset export"},
		"a deletion":        {"{" + asset + `,"deleted":true}`, "f:1: a message of a feed, which tells one change: expected an export, from gcloud asset export"},
		"pulled messages":   {`[{"ackId":"a","message":{"data":"e30="}}]`, "f:1: a message of a feed, which tells one change: expected an export, from gcloud asset export"},
		"an API's answer":   {`{"readTime":"2026-05-01T10:00:00Z","assets":[` + bucketLine("crates", "501") + "]}", "f:1: an answer of the API with many assets: expected one asset on each line; jq -c '.assets[]' makes them of it"},
		"a search":          {`{"results":[],"nextPageToken":"a"}`, "f:1: an answer of gcloud asset search, which lacks the settings: expected an export, from gcloud asset export"},
		"names only":        {`{"name":"//a/b","assetType":"a.googleapis.com/B"}`, "f:1: the asset has neither a resource nor a policy: export with --content-type resource, iam-policy or org-policy"},
		"another document":  {"{\n  \"version\": 3\n}", "f:1: not an asset as gcloud asset export writes them, one JSON object on each line"},
		"a number":          {"17\n", "f:1: not an asset as gcloud asset export writes them, one JSON object on each line"},
		"cut off at once":   {`{"name":"//a`, "f:1: the line breaks off: the export is truncated, make it again"},
		"without a project": {lines(line("//storage.googleapis.com/a", "storage.googleapis.com/Bucket", "1", `"resource":{}`)), "the export names no project: export cloudresourcemanager.googleapis.com/Project too, with --content-type resource"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gcp.FromExport([]gcp.Export{{Name: "f", Reader: strings.NewReader(test.text)}}, gcp.Options{})
			if err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}
