package services

import (
	"context"
	"time"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Secret is what rules may ask of a secret of Secret Manager. Of what is in
// it nothing is read.
type Secret struct {
	RotationDays          int            `json:"rotation_days"`           // how often it is to be rotated, begun days counted; 0: not again and again
	NextRotation          time.Time      `json:"next_rotation"`           // when it is to be rotated next; the zero time: never
	PublicGrants          []engine.Grant `json:"public_grants"`           // grants of its own policy to allUsers or allAuthenticatedUsers
	InheritedPublicGrants []engine.Grant `json:"inherited_public_grants"` // the same, of its project, folders and organization
}

var secrets = engine.Service{
	Type: scanners.Type{
		Name:    "secretmanager.googleapis.com/Secret",
		Doc:     Secret{},
		Console: scanners.Console{Path: "/security/secret-manager/secret/{secrets}/versions?project={project}"},
	},
	Versions: []string{"v1", "v1beta2"},
	Policies: []string{"public_grants", "inherited_public_grants"},
	Get: []engine.Get{
		secretGet("https://secretmanager.googleapis.com/v1/"),
		secretGet("https://secretmanager.{location}.rep.googleapis.com/v1/").Only("/locations/"),
	},
	Read: readSecret,
}

// secretGet returns the direct read of a secret. One that is kept in a region
// is known to the API of that region only.
func secretGet(root string) engine.Get {
	const op = "secretmanager.secrets.get"
	return engine.Get{Op: op, Permission: op, Root: root, Version: "v1"}.WithPolicy("secretmanager.secrets.getIamPolicy", engine.PolicyGotten)
}

// secretData is what is read of a secret (secretmanager.secrets.get).
type secretData struct {
	engine.Labelled
	Rotation struct {
		Period period    `json:"rotationPeriod" gives:"rotation_days"`
		Next   time.Time `json:"nextRotationTime" gives:"next_rotation"`
	} `gives:"rotation_days,next_rotation"`
}

func readSecret(ctx context.Context, r *engine.Reading) any {
	var data secretData
	r.Decode(&data)
	return &Secret{
		RotationDays: data.Rotation.Period.days(), NextRotation: data.Rotation.Next.UTC(),
		PublicGrants:          where(r.Grants("public_grants"), toPublic),
		InheritedPublicGrants: where(r.Inherited(ctx, "inherited_public_grants"), toPublic),
	}
}
