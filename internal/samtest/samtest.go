// Package samtest gives tests the deployment template as CloudFormation gets
// it: translated from SAM, by the translator that AWS uses. Begin with
// Translated.
package samtest

import (
	"context"
	_ "embed" // for the script that translates
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"posture/internal/pythontest"
)

// Template is a CloudFormation template. Values are as JSON has them, with
// intrinsic functions as objects ({"Ref": "Key"}).
type Template struct {
	Parameters map[string]map[string]any
	Conditions map[string]any
	Resources  map[string]Resource
	Outputs    map[string]map[string]any
}

// Resource is one resource of a template.
type Resource struct {
	Type       string
	Condition  string
	Properties map[string]any
}

//go:embed translate.py
var script string

var translated = sync.OnceValues(translate)

// Translated returns template.yaml translated. Where the translator cannot be
// found or refuses the template, the test fails.
func Translated(t testing.TB) Template {
	t.Helper()
	body, err := translated()
	if err != nil {
		t.Fatal(err)
	}
	var template Template
	if err := json.Unmarshal(body, &template); err != nil {
		t.Fatal(err)
	}
	return template
}

func translate() ([]byte, error) {
	python, err := pythontest.Find("python", "POSTURE_PYTHON")
	if err != nil {
		return nil, err
	}
	root, err := pythontest.Root()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(context.Background(), python, "-c", script, filepath.Join(root, "template.yaml"))
	command.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1")
	body, err := command.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("translate template.yaml: %w\n%s", err, exit.Stderr)
	}
	return body, err
}

// Text returns a value as JSON, for looking into it and for messages.
func Text(value any) string {
	body, _ := json.Marshal(value) // what came from JSON goes to JSON
	return string(body)
}
