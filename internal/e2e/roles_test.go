package e2e

import "testing"

func checkRoles(t *testing.T, objects map[string][]string) {
	t.Helper()
}
