package report_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"posture/internal/nasty"
	"posture/internal/posture"
)

// TestSARIFSchema holds that what we write is SARIF 2.1.0 by the standard's own
// schema (docs.oasis-open.org/sarif/sarif/v2.1.0, errata 01).
func TestSARIFSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	findings := sample()
	for _, name := range nasty.Names() {
		findings = append(findings, nastyFinding(name.Text))
	}
	for _, set := range [][]posture.Finding{nil, findings} {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, reportOf(set), "sarif")))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Error(err)
		}
	}
	wrong := bytes.Replace(written(t, reportOf(sample()), "sarif"), []byte(`"kind":"review"`), []byte(`"kind":"unsure"`), 1)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(wrong))
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(document) == nil {
		t.Error("the schema refuses nothing")
	}
}
