package oncloudrun

import (
	"encoding/base64"
	"fmt"
	"strings"

	"google.golang.org/api/secretmanager/v1"

	"posture/internal/config"
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
