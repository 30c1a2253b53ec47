package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkoutRules returns the rules directory of the checkout of this project
// that a path is in, absolute, or "" when it is in none. The files in there
// are the built-in rules, edited perhaps.
func checkoutRules(path string) string {
	at, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	for !isCheckout(at) {
		parent := filepath.Dir(at)
		if parent == at {
			return ""
		}
		at = parent
	}
	return filepath.Join(at, "rules")
}

// isCheckout reports whether a directory is the top of a checkout.
func isCheckout(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !slices.Contains(strings.Split(string(mod), "\n"), "module posture") {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, "rules", "soc2.yaml"))
	return err == nil && info.Mode().IsRegular()
}

// inCheckout reports whether a directory is the rules directory of a checkout
// or below it.
func inCheckout(dir string) bool {
	top := checkoutRules(dir)
	at, err := filepath.Abs(dir)
	return top != "" && err == nil && (at == top || strings.HasPrefix(at, top+string(filepath.Separator)))
}

// fromHere returns an absolute path as seen from the working directory.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil {
		return path
	}
	return relative
}
