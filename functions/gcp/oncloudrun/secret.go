package oncloudrun

import (
	"encoding/base64"
	"fmt"

	"google.golang.org/api/secretmanager/v1"
)

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
