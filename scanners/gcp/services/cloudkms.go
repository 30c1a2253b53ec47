package services

import (
	"context"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// KMSKey is what rules may ask of a key of Cloud KMS.
type KMSKey struct {
	Purpose               string         `json:"purpose"`                 // ENCRYPT_DECRYPT, ASYMMETRIC_SIGN and so on: Cloud KMS rotates the first only
	RotationDays          int            `json:"rotation_days"`           // how often Cloud KMS rotates it, begun days counted; 0: never
	NextRotation          time.Time      `json:"next_rotation"`           // when it does so next; the zero time: never
	External              bool           `json:"external"`                // its material is imported or lies in an external key manager, so that Cloud KMS may not be able to rotate it
	PrimaryCreated        time.Time      `json:"primary_created"`         // when the version was made that encrypts; the zero time: there is none
	Live                  bool           `json:"live"`                    // at least one version of it is not destroyed
	DoomedVersions        []string       `json:"doomed_versions"`         // versions that are scheduled for destruction
	PublicGrants          []engine.Grant `json:"public_grants"`           // grants of its own policy to allUsers or allAuthenticatedUsers
	RingPublicGrants      []engine.Grant `json:"ring_public_grants"`      // the same, of its key ring
	InheritedPublicGrants []engine.Grant `json:"inherited_public_grants"` // the same, of its project, folders and organization
}

const (
	typeKeyRing    = "cloudkms.googleapis.com/KeyRing"
	typeKeyVersion = "cloudkms.googleapis.com/CryptoKeyVersion"
)

var kmsKeys = engine.Service{
	Type: scanners.Type{
		Name:    "cloudkms.googleapis.com/CryptoKey",
		Doc:     KMSKey{},
		Console: scanners.Console{Path: "/security/kms/key/manage/{locations}/{keyRings}/{cryptoKeys}?project={project}"},
	},
	Versions: []string{"v1"},
	Policies: []string{"public_grants", "ring_public_grants", "inherited_public_grants"},
	Joins: []engine.Join{
		{Type: typeKeyVersion, For: []string{"live", "doomed_versions"}},
		{Type: typeKeyRing, For: []string{"ring_public_grants"}, Policies: true},
	},
	Get: []engine.Get{{
		Op: "cloudkms.cryptoKeys.get", Permission: "cloudkms.cryptoKeys.get", Root: "https://cloudkms.googleapis.com/v1/", Version: "v1",
		Policy: engine.PolicyGet{Op: "cloudkms.cryptoKeys.getIamPolicy", Permission: "cloudkms.cryptoKeys.getIamPolicy", Form: engine.PolicyGotten},
	}},
	Read: readKMSKey,
}

// kmsKeyData is what is read of a key (cloudkms.cryptoKeys.get).
type kmsKeyData struct {
	engine.Labelled
	Purpose        *string   `gives:"purpose"`
	RotationPeriod period    `gives:"rotation_days"`
	NextRotation   time.Time `json:"nextRotationTime" gives:"next_rotation"`
	ImportOnly     bool      `gives:"external"`
	Primary        struct {
		Created time.Time `json:"createTime"`
	} `gives:"primary_created"`
	Template struct {
		Level string `json:"protectionLevel"` // SOFTWARE, HSM, EXTERNAL and so on
	} `json:"versionTemplate" gives:"external"`
}

func readKMSKey(ctx context.Context, r *engine.Reading) any {
	var data kmsKeyData
	r.Decode(&data)
	doc := &KMSKey{
		Purpose:      engine.Need(r, data.Purpose, "purpose"),
		RotationDays: data.RotationPeriod.days(), NextRotation: data.NextRotation.UTC(),
		External:       data.ImportOnly || strings.HasPrefix(data.Template.Level, "EXTERNAL"),
		PrimaryCreated: data.Primary.Created.UTC(),
	}
	readKMSVersions(r, doc)
	doc.PublicGrants = where(r.Grants("public_grants"), toPublic)
	ring, _, _ := strings.Cut(r.Asset.Name, "/cryptoKeys/")
	doc.RingPublicGrants = where(r.GrantsOn(typeKeyRing, ring, "ring_public_grants"), toPublic)
	doc.InheritedPublicGrants = where(r.Inherited(ctx, "inherited_public_grants"), toPublic)
	return doc
}

// kmsVersionData is what is read of a key's version
// (cloudkms.cryptoKeyVersions.get).
type kmsVersionData struct{ State string }

// readKMSVersions finds what becomes of the key's versions.
func readKMSVersions(r *engine.Reading, doc *KMSKey) {
	for _, v := range keyVersions(r, "live") {
		doc.Live = doc.Live || slices.Contains(livingStates, v.Data.State)
	}
	for _, v := range keyVersions(r, "doomed_versions") {
		if v.Data.State == "DESTROY_SCHEDULED" {
			doc.DoomedVersions = append(doc.DoomedVersions, engine.LastOf(v.Name))
		}
	}
	slices.Sort(doc.DoomedVersions)
}

// The states of a version: those where the key's material is there, or is
// about to be, and those where it is gone or never was.
var (
	livingStates = []string{"ENABLED", "DISABLED", "DESTROY_SCHEDULED", "PENDING_GENERATION", "PENDING_IMPORT"}
	goneStates   = []string{"DESTROYED", "PENDING_EXTERNAL_DESTRUCTION", "EXTERNAL_DESTRUCTION_FAILED", "IMPORT_FAILED", "GENERATION_FAILED"}
)

// keyVersions returns the versions of the key. The field is the one that they
// give.
func keyVersions(r *engine.Reading, field string) []engine.Joined[kmsVersionData] {
	found := indexOf(r, typeKeyVersion, field, versionsByKey)[r.Asset.Name]
	for _, v := range found {
		if !slices.Contains(livingStates, v.Data.State) && !slices.Contains(goneStates, v.Data.State) {
			r.Strange("state of a version", field)
		}
	}
	return found
}

// versionsByKey returns the versions of keys, by the keys' full names.
func versionsByKey(versions []engine.Joined[kmsVersionData]) map[string][]engine.Joined[kmsVersionData] {
	found := map[string][]engine.Joined[kmsVersionData]{}
	for _, v := range versions {
		key, _, _ := strings.Cut(v.Name, "/cryptoKeyVersions/")
		found[key] = append(found[key], v)
	}
	return found
}

// period is a length of time as the APIs write it: "7776000s".
type period time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *period) UnmarshalText(text []byte) error {
	length, err := time.ParseDuration(string(text))
	*p = period(length)
	return err
}

// days returns the period in days, a day that is begun counted as one.
func (p period) days() int {
	const day = period(24 * time.Hour)
	return int((p + day - 1) / day)
}
