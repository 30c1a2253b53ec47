package posture_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed says what of this module the packages below a folder may import,
// tests left out. A folder that is not here may import nothing of it; "..."
// after a folder stands for all below it.
var allowed = map[string][]string{
	"internal/posture":  {},
	"internal/escape":   {},
	"internal/nasty":    {},
	"internal/yamlfile": {},
	"internal/store":    {"internal/store"},
	"internal/drift":    {"internal/posture"},
	"internal/tally":    {"internal/posture"},
	"internal/policy":   {"internal/posture", "internal/yamlfile"},
	"internal/config":   {"internal/posture", "internal/yamlfile"},
	"internal/snapshot": {"internal/posture", "internal/store"},
	"internal/notified": {"internal/store", "internal/snapshot", "internal/drift"},
	"internal/outbox":   {"internal/posture", "internal/store", "internal/drift"},
	"internal/slack":    {"internal/posture", "internal/drift", "internal/outbox", "internal/escape"},
	"internal/report":   {"internal/posture", "internal/store", "internal/snapshot", "internal/drift", "internal/outbox", "internal/escape", "internal/tally"},
	"internal/audit": {
		"internal/posture", "internal/config", "internal/policy", "internal/store", "internal/snapshot", "internal/drift", "internal/notified",
		"internal/outbox", "internal/tally",
	},
	"internal/status": {"internal/drift", "internal/outbox", "internal/posture", "internal/snapshot", "internal/store"},
	"internal/weekly": {
		"internal/posture", "internal/config", "internal/policy", "internal/store", "internal/snapshot", "internal/drift", "internal/notified",
		"internal/escape",
	},
	"rules":     {},
	"scanners":  {"internal/posture", "scanners/..."},
	"functions": {"internal/...", "scanners/...", "rules", "functions/..."},
	"cmd":       {"internal/...", "scanners/...", "rules", "cmd/..."},

	// The machinery of AWS knows no type; a service knows the machinery.
	"scanners/aws/engine":   {"internal/posture", "scanners", "scanners/trouble"},
	"scanners/aws/services": {"internal/posture", "scanners", "scanners/logfilter", "scanners/network", "scanners/aws/engine", "scanners/aws/iampolicy"},

	// Judges policies, and knows nothing of who asks.
	"scanners/aws/iampolicy": {},

	// The wiring that programs share.
	"internal/setup": {
		"internal/posture", "internal/config", "internal/policy", "internal/store", "internal/snapshot", "internal/drift", "internal/outbox",
		"internal/audit", "internal/slack", "internal/weekly", "rules",
	},
	"internal/cloud": {
		"internal/posture", "internal/config", "internal/policy", "internal/store", "internal/drift", "internal/audit", "internal/setup",
		"internal/yamlfile", "internal/cloud/...", "scanners/...", "rules",
	},
	"internal/steps": {
		"internal/posture", "internal/config", "internal/store", "internal/snapshot", "internal/outbox", "internal/audit", "internal/slack",
		"internal/setup", "internal/cloud", "rules",
	},

	// The machinery of a cloud knows no service of it.
	"scanners/gcp/engine":     {"internal/posture", "scanners", "scanners/answer", "scanners/odd", "scanners/packed", "scanners/trouble"},
	"scanners/gcp/services":   {"internal/posture", "scanners", "scanners/answer", "scanners/network", "scanners/logfilter", "scanners/gcp/engine"},
	"scanners/azure/engine":   {"internal/posture", "scanners", "scanners/answer", "scanners/odd", "scanners/packed", "scanners/trouble"},
	"scanners/azure/services": {"internal/posture", "scanners", "scanners/network", "scanners/azure/engine"},

	// What only tests use.
	"internal/azuritetest":           {"internal/pythontest"},
	"internal/cloudtest":             {"internal/audit", "internal/drift", "internal/posture", "internal/snapshot", "internal/store"},
	"internal/entratest":             {"internal/proxytest", "scanners/azure/azuretest", "scanners/azure/enginetest"},
	"internal/goldentest":            {},
	"internal/lambdatest":            {},
	"internal/mototest":              {"internal/pythontest"},
	"internal/proxytest":             {},
	"internal/pythontest":            {},
	"internal/samtest":               {"internal/pythontest"},
	"internal/snapshot/snapshottest": {"internal/posture", "internal/store", "internal/snapshot"},
}

// TestImportsPointDownward holds the layout: who may know whom.
func TestImportsPointDownward(t *testing.T) {
	module := os.DirFS("../..")
	checked := 0
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"build", "scripts", ".git", "testdata"}, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		checked++
		return checkImports(t, module, name)
	})
	if err != nil || checked < 50 {
		t.Fatalf("%d files checked: %v", checked, err)
	}
}

// TestMachineryLinksNoService holds that what reads AWS knows the API of no
// service, but that which says whose credentials it has.
func TestMachineryLinksNoService(t *testing.T) {
	files, err := filepath.Glob("../../scanners/aws/engine/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue // links nothing into a program
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			service, sdk := strings.CutPrefix(spec.Path.Value, `"github.com/aws/aws-sdk-go-v2/service/`)
			if sdk && service != `sts"` {
				t.Errorf("%s imports %s", name, spec.Path.Value)
			}
		}
	}
}

func checkImports(t *testing.T, module fs.FS, name string) error {
	text, err := fs.ReadFile(module, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if own, ours := strings.CutPrefix(imported, "posture/"); ours && !may(path.Dir(name), own) {
			t.Errorf("%s imports %s, which it is not to know", name, own)
		}
	}
	return nil
}

// may reports whether a package may import another one of the module.
func may(from, to string) bool {
	for folder := from; folder != "."; folder = path.Dir(folder) {
		rules, listed := allowed[folder]
		if !listed {
			continue
		}
		for _, rule := range rules {
			below, all := strings.CutSuffix(rule, "/...")
			if rule == to || all && (to == below || strings.HasPrefix(to, below+"/")) {
				return true
			}
		}
		return strings.HasPrefix(to, folder+"/")
	}
	return false
}
