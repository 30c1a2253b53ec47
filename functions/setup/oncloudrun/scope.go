package oncloudrun

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/api/secretmanager/v1"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/scanners/gcp"
)

// scopeOf puts the scope of the environment into the configuration. None is
// fine: then the configuration must name one.
func scopeOf(text string, g *config.GCP) error {
	if text == "" {
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
	return fmt.Errorf("%s %q: expected organizations/NUMBER, folders/NUMBER or projects/ID", scopeVariable, text)
}

// scopes returns what the inventory is asked for, one pass each.
func scopes(g config.GCP) ([]gcp.Scope, error) {
	var found []gcp.Scope
	add := func(s gcp.Scope, err error) error {
		found = append(found, s)
		return err
	}
	switch {
	case g.Organization != "":
		err := add(gcp.InOrganization(g.Organization))
		return found, err
	case g.Folder != "":
		err := add(gcp.InFolder(g.Folder))
		return found, err
	}
	for _, id := range g.Projects {
		if err := add(gcp.InProject(id)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

type listTargets = func(context.Context) ([]posture.Target, error)

// without lists the targets but those that are excluded.
func without(list listTargets, excluded []string) listTargets {
	return func(ctx context.Context) ([]posture.Target, error) {
		targets, err := list(ctx)
		return slices.DeleteFunc(targets, func(t posture.Target) bool {
			return slices.Contains(excluded, t.Account)
		}), err
	}
}

// secretText returns what a version of a secret holds.
func secretText(version *secretmanager.AccessSecretVersionResponse) (string, error) {
	if version.Payload == nil || version.Payload.Data == "" {
		return "", errNoSecret
	}
	text, err := base64.StdEncoding.DecodeString(version.Payload.Data)
	if err != nil { // its text could quote the secret
		return "", fmt.Errorf("decode the secret: %w", errNoSecret)
	}
	return string(text), nil
}
