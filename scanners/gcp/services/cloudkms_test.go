package services

import (
	"testing"
	"time"

	"google.golang.org/api/cloudkms/v1"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

func TestKMSKeys(t *testing.T) {
	t.Parallel()
	inherited := []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}}
	ring := "//cloudkms.googleapis.com/projects/shop-test/locations/europe-west1/keyRings/open"
	onRing := []engine.Grant{{Role: "roles/cloudkms.viewer", Member: "allAuthenticatedUsers", On: ring}}
	strange := posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + kmsKeys.Name, Code: "unknown state of a version"}
	serviceTest{
		data: "cloudkms", types: []string{kmsKeys.Name},
		schemas: map[string]any{
			kmsKeys.Name + " v1": cloudkms.CryptoKey{}, typeKeyVersion + " v1": cloudkms.CryptoKeyVersion{}, typeKeyRing + " v1": cloudkms.KeyRing{},
		},
		want: map[string]any{
			"orders": &KMSKey{
				Purpose: "ENCRYPT_DECRYPT", RotationDays: 90, NextRotation: day(2026, 12, 27), PrimaryCreated: day(2026, 9, 28), Live: true,
			},
			"external": &KMSKey{Purpose: "ENCRYPT_DECRYPT", External: true, PrimaryCreated: day(2026, 11, 1), Live: true},
			"signing":  &KMSKey{Purpose: "ASYMMETRIC_SIGN", Live: true},
			"dead":     &KMSKey{Purpose: "ENCRYPT_DECRYPT", PrimaryCreated: day(2025, 1, 1)},
			"legacy": &KMSKey{
				Purpose: "ENCRYPT_DECRYPT", PrimaryCreated: day(2025, 1, 1), Live: true, DoomedVersions: []string{"1"},
				PublicGrants:     []engine.Grant{{Role: "roles/cloudkms.cryptoKeyDecrypter", Member: "allUsers", On: ring + "/cryptoKeys/legacy"}},
				RingPublicGrants: onRing, InheritedPublicGrants: inherited,
			},
			"slow": &KMSKey{
				Purpose: "ENCRYPT_DECRYPT", External: true, RotationDays: 366, NextRotation: day(2027, 6, 1), Live: true,
				RingPublicGrants: onRing, InheritedPublicGrants: inherited,
			},
		},
		unread: map[string][]posture.Unread{"slow": {{Field: "live", Cause: strange}, {Field: "doomed_versions", Cause: strange}}},
	}.run(t)
}

// day returns the beginning of a day.
func day(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"86400s": 1, "86401s": 2, "7776000s": 90, "0s": 0} {
		var p period
		if err := p.UnmarshalText([]byte(text)); err != nil || p.days() != want {
			t.Errorf("%s: %d days, error %v, want %d", text, p.days(), err, want)
		}
	}
	if err := new(period).UnmarshalText([]byte("a while")); err == nil {
		t.Error("a period without a number was taken")
	}
}
