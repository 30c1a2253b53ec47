package rules_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// variantTime is when the variants are judged.
var variantTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// TestGCPVariants judges kinds of resources of Google Cloud, from what the
// inventory lists to the finding. Beside "want NAME", each "NAME: …" of
// testdata/gcp_variants.txtar is what Google answers: "TYPE VERSION FULL-NAME"
// an asset, "policy TYPE FULL-NAME" its IAM policy, "GET PATH" a direct read.
func TestGCPVariants(t *testing.T) {
	t.Parallel()
	loaded := load(t, rules.Clouds()[1].Files, gcp.Catalogue().Docs())
	cases := testVariants(t, "testdata/gcp_variants.txtar", "gcp-", loaded, func(t *testing.T, all *txtar.Archive, v variant) map[string][]posture.Status {
		found := map[string][]posture.Status{}
		for _, r := range scanVariant(t, loaded, all.Files, v.name) {
			if r.Type != v.typ || v.resource != "" && r.Name != v.resource {
				continue
			}
			findings, err := loaded.Judge(r, variantTime)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				found[f.Rule] = append(found[f.Rule], f.Status)
			}
		}
		return found
	})
	if cases < 200 {
		t.Errorf("there are %d variants, expected at least 200", cases)
	}
}

// variantHierarchy is the project of the variants, with what is above it, and
// a project for logs and the like beside it.
const variantHierarchy = `{"name":"//cloudresourcemanager.googleapis.com/organizations/30","asset_type":"cloudresourcemanager.googleapis.com/Organization","ancestors":["organizations/30"],"resource":{"version":"v3","data":{"name":"organizations/30","displayName":"example.com","state":"ACTIVE"}}}
{"name":"//cloudresourcemanager.googleapis.com/folders/20","asset_type":"cloudresourcemanager.googleapis.com/Folder","ancestors":["folders/20","organizations/30"],"resource":{"version":"v3","data":{"name":"folders/20","displayName":"shops","state":"ACTIVE","parent":"organizations/30"}}}
{"name":"//cloudresourcemanager.googleapis.com/projects/10","asset_type":"cloudresourcemanager.googleapis.com/Project","ancestors":["projects/10","folders/20","organizations/30"],"resource":{"version":"v1","data":{"projectId":"corner-shop","projectNumber":"10","name":"corner shop","lifecycleState":"ACTIVE"}}}
{"name":"//cloudresourcemanager.googleapis.com/projects/11","asset_type":"cloudresourcemanager.googleapis.com/Project","ancestors":["projects/11","organizations/30"],"resource":{"version":"v1","data":{"projectId":"shop-central","projectNumber":"11","name":"shop central","lifecycleState":"ACTIVE"}}}
`

// ancestorsOf returns where an asset of the variants belongs, by its name.
func ancestorsOf(name string) []string {
	switch {
	case strings.Contains(name, "shop-central"), strings.Contains(name, "projects/11"):
		return []string{"projects/11", "organizations/30"}
	case strings.Contains(name, "projects/12"): // only where a variant has it
		return []string{"projects/12", "organizations/30"}
	case strings.Contains(name, "folders/20"):
		return []string{"folders/20", "organizations/30"}
	case strings.Contains(name, "organizations/30"):
		return []string{"organizations/30"}
	}
	return []string{"projects/10", "folders/20", "organizations/30"}
}

// variantAsset returns a line of the inventory. A name may end in " of OWNER",
// where it does not say to what it belongs.
func variantAsset(header string, data []byte) (string, error) {
	header, owner, owned := strings.Cut(header, " of ")
	kind, rest, _ := strings.Cut(header, " ")
	second, name, _ := strings.Cut(rest, " ")
	if !owned {
		owner = name
	}
	asset := map[string]any{"name": name, "ancestors": ancestorsOf(owner)}
	if kind == "policy" {
		asset["asset_type"], asset["iam_policy"] = second, json.RawMessage(data)
	} else {
		location := "europe-west1"
		asset["asset_type"] = kind
		asset["resource"] = map[string]any{"version": second, "location": location, "data": json.RawMessage(data)}
	}
	line, err := json.Marshal(asset)
	if err != nil {
		return "", fmt.Errorf("%s: %w", header, err)
	}
	return string(line) + "\n", nil
}

// scanVariant returns the resources of one variant.
func scanVariant(t *testing.T, loaded *policy.Policy, files []txtar.File, variant string) []posture.Resource {
	t.Helper()
	estate, answers := variantHierarchy, map[string]string{}
	for _, file := range files {
		header, of := strings.CutPrefix(file.Name, variant+": ")
		if !of {
			continue
		}
		if strings.HasPrefix(header, "GET ") {
			answers[header] = string(file.Data)
			continue
		}
		line, err := variantAsset(header, file.Data)
		if err != nil {
			t.Fatal(err)
		}
		estate += line
	}
	server, err := gcptest.Start(strings.NewReader(estate))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for path, body := range answers {
		server.AnswerJSON(path, body)
	}
	whole, err := gcp.InOrganization("30")
	if err != nil {
		t.Fatal(err)
	}
	return scan(t, server, loaded, whole)
}
