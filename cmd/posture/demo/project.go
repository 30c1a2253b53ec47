package demo

import (
	"bytes"
	_ "embed" // for the sample project
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// projectID is the sample project.
const projectID = "fernway-data"

//go:embed project.txtar
var projectText string

//go:embed project_change.txtar
var projectChangeText string

// project is the sample project of Google Cloud while it is served.
type project struct {
	server *gcptest.Server
	now    time.Time
}

// serveProject serves the sample project on the loopback interface.
func serveProject(now time.Time) (*project, error) {
	server, err := gcptest.Start()
	if err != nil {
		return nil, fmt.Errorf("serve the sample project: %w", err)
	}
	p := &project{server: server, now: now}
	if _, err := p.take(projectText); err != nil {
		server.Close()
		return nil, fmt.Errorf("load the sample project: %w", err)
	}
	return p, nil
}

// options say how to read the sample project.
func (p *project) options() gcp.Options {
	return gcp.Options{Client: p.server.Inventory(), REST: p.server.REST()}
}

// change does what happens in the project between the two scans, and returns
// it in words.
func (p *project) change() ([]string, error) {
	happened, err := p.take(projectChangeText)
	if err != nil {
		return nil, fmt.Errorf("change the sample project: %w", err)
	}
	return happened, nil
}

// take puts assets and answers into the project, in place of those that were
// there, and returns what is said of them.
func (p *project) take(text string) ([]string, error) {
	archive := txtar.Parse([]byte(dated(text, p.now)))
	for _, file := range archive.Files {
		var err error
		switch file.Name {
		case "assets.ndjson":
			err = p.server.Change(bytes.NewReader(file.Data))
		case "answers.json":
			err = p.server.Load(file.Data)
		}
		if err != nil {
			return nil, err
		}
	}
	return strings.Split(strings.TrimSpace(string(archive.Comment)), "\n"), nil
}
