package services

import (
	"testing"

	"google.golang.org/api/secretmanager/v1"

	"posture/scanners/gcp/engine"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "secretmanager", types: []string{secrets.Name},
		schemas: map[string]any{secrets.Name + " v1": secretmanager.Secret{}},
		want: map[string]any{
			"db-password": &Secret{RotationDays: 30, NextRotation: day(2026, 12, 10)},
			"forever":     &Secret{},
			"open": &Secret{
				NextRotation: day(2026, 12, 1),
				PublicGrants: []engine.Grant{{
					Role: "roles/secretmanager.secretAccessor", Member: "allUsers", On: "//secretmanager.googleapis.com/projects/100000000002/secrets/open",
				}},
				InheritedPublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
		},
	}.run(t)
}
