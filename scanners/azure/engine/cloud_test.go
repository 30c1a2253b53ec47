package engine_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"posture/scanners/azure/engine"
)

// TestClouds holds that each cloud has all that a cloud has, none of it another
// cloud's, and as the SDK knows it where it does.
func TestClouds(t *testing.T) {
	of := map[string]string{}
	for name, c := range engine.Clouds() {
		for field, value := range reflect.ValueOf(c).Fields() {
			text := value.String()
			if text == "" && (field.Name != "Audience" || name != "AzureCloud") {
				t.Errorf("%s has no %s", name, field.Name)
			}
			if of[text] != "" && text != "" {
				t.Errorf("%s: %s is also of %s", name, text, of[text])
			}
			of[text] = name
		}
	}
	for name, known := range map[string]cloud.Configuration{"AzureCloud": cloud.AzurePublic, "AzureUSGovernment": cloud.AzureGovernment, "AzureChinaCloud": cloud.AzureChina} {
		got := engine.Clouds()[name].Configuration()
		want, have := known.Services[cloud.ResourceManager], got.Services[cloud.ResourceManager]
		if got.ActiveDirectoryAuthorityHost != known.ActiveDirectoryAuthorityHost || have.Endpoint != want.Endpoint {
			t.Errorf("%s: %+v, the SDK has %+v", name, got, known)
		}
		if name != "AzureCloud" && have.Audience != want.Audience { // the public cloud takes tokens for the host too
			t.Errorf("%s: tokens for %s, the SDK has %s", name, have.Audience, want.Audience)
		}
	}
}

// hostForm is a host, a suffix or an audience that differs between the clouds.
var hostForm = regexp.MustCompile(`(?i)(azure|windows|cloudapi|microsoftonline|microsoftgraph|graph\.microsoft|chinacloudsites)[a-z0-9-]*\.(com|net|us|cn|io)\b|api://AzureAD`)

// written are the texts of the program that have one, each with the reason.
var written = map[string]string{
	"scanners/azure/engine/cloud.go":          "the clouds",
	"scanners/azure/engine/console.go":        "links are declared for the public cloud; link puts the configured one in",
	"scanners/azure/services/zonal.go":        "what ends the names of Azure's own services, of all clouds",
	"scanners/aws/iampolicy/providers.go":     "issuers that a policy of AWS may trust",
	"cmd/posture/store_azblob.go":             "whom tokens for storage are for, which is one in all clouds",
	"scanners/azure/enginetest/enginetest.go": "a stand-in, for tests",
	"internal/entratest/entratest.go":         "a stand-in, for tests",
}

// TestHostsAreTheClouds holds that nothing but the table of clouds names a host of
// Azure: what does would send a sovereign cloud's reader to the public one.
func TestHostsAreTheClouds(t *testing.T) {
	root, found := os.DirFS("../../.."), map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (name == "build" || name == "scripts" || strings.HasPrefix(name, ".") && name != ".") {
			return skipped(err)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, host := range hostsIn(t, name, text) {
			if found[name] = true; written[name] == "" {
				t.Errorf("%s names %s: it belongs to engine.Cloud", name, host)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range written {
		if !found[name] {
			t.Errorf("%s names no host any more", name)
		}
	}
}

func skipped(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

// hostsIn returns those in the texts of a file, but for pages of documentation.
func hostsIn(t *testing.T, name string, source []byte) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING && hostForm.MatchString(n.Value) {
				hosts = append(hosts, hostForm.FindString(n.Value))
			}
		}
		return true
	})
	return hosts
}
