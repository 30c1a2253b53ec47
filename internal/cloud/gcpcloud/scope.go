package gcpcloud

import (
	"fmt"
	"strings"

	"posture/internal/config"
)

// inScope puts what a text names into scope, organizations/N, folders/N or
// projects/ID, where the configuration names nothing. An empty text names
// nothing.
func inScope(text string, g *config.GCP) error {
	if text == "" || g.Organization != "" || g.Folder != "" || len(g.Projects) > 0 {
		return nil
	}
	switch kind, id, _ := strings.Cut(text, "/"); {
	case id == "":
	case kind == "organizations":
		g.Organization = id
		return nil
	case kind == "folders":
		g.Folder = id
		return nil
	case kind == "projects":
		g.Projects = []string{id}
		return nil
	}
	return fmt.Errorf("scope %q: expected organizations/NUMBER, folders/NUMBER or projects/ID", text)
}
