package oncloudrun

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/scanners/gcp"
)

var update = flag.Bool("update", false, "write infra/gcp/scan-role.yaml again")

// TestRole holds the role that infra/gcp grants to the calls that the scanners
// declare.
func TestRole(t *testing.T) {
	role := "# Generated: go test ./functions/gcp/oncloudrun -run TestRole -update\n" +
		"title: posture scan\n" +
		"description: Reads the settings that posture judges, and nothing else.\n" +
		"stage: GA\n" +
		"includedPermissions:\n"
	for _, permission := range gcp.Catalogue().Permissions() {
		role += "  - " + permission + "\n"
	}
	file := filepath.Join("..", "..", "..", "infra", "gcp", "scan-role.yaml")
	if *update {
		if err := os.WriteFile(file, []byte(role), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(role, string(text)); diff != "" {
		t.Error(diff)
	}
}
