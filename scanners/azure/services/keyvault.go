package services

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// KeyVault is what rules may ask of a key vault.
type KeyVault struct {
	RBAC             bool  `json:"rbac"`              // roles decide who may read it, not the vault's own access policies
	SoftDelete       bool  `json:"soft_delete"`       // what is deleted can be brought back
	PurgeProtection  bool  `json:"purge_protection"`  // nobody can end that time early
	AnyNetwork       bool  `json:"any_network"`       // its endpoint answers to every network
	TrustedServices  bool  `json:"trusted_services"`  // Azure's own services may pass the firewall
	PrivateEndpoints int64 `json:"private_endpoints"` // approved ones
	AuditLogged      bool  `json:"audit_logged"`      // a diagnostic setting sends its audit events somewhere
	Managed          bool  `json:"managed"`           // another service made it and keeps it
}

const vaultType = "Microsoft.KeyVault/vaults"

var keyVaults = engine.Service{
	Type: scanners.Type{
		Name:    vaultType,
		Service: "keyvault",
		Doc:     KeyVault{},
		Calls:   []scanners.Call{diagnosticCall("audit_logged")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  vaultVersion,
	Read: readKeyVault,
}

// vaultVersion is of the API of Key Vault's management plane.
const vaultVersion = "2024-11-01"

func readKeyVault(r *engine.Reading) any {
	// learn.microsoft.com/rest/api/keyvault/keyvault/vaults/get
	var data struct {
		Properties struct {
			TenantID                   string            // always there
			EnableRbacAuthorization    bool              `gives:"rbac"`        // absent: off, and so of purge protection
			EnableSoftDelete           *bool             `gives:"soft_delete"` // absent: on
			EnablePurgeProtection      bool              `gives:"purge_protection"`
			PublicNetworkAccess        string            `gives:"any_network,trusted_services"`
			NetworkACLs                *networkACLs      `gives:"any_network,trusted_services"`
			PrivateEndpointConnections []privateEndpoint `gives:"private_endpoints"`
		}
	}
	r.Decode(&data)
	p := data.Properties
	if p.TenantID == "" { // then what else is absent says nothing
		r.Absent("read "+r.Type, "rbac", "soft_delete", "purge_protection", "any_network", "trusted_services", "private_endpoints")
	}
	doc := &KeyVault{
		RBAC:             p.EnableRbacAuthorization,
		SoftDelete:       unlessOff(p.EnableSoftDelete),
		PurgeProtection:  p.EnablePurgeProtection,
		PrivateEndpoints: approved(p.PrivateEndpointConnections),
		AuditLogged:      sends(diagnosticSettings(r, "", "audit_logged"), []string{"AuditEvent"}, "audit"),
		Managed:          r.Managed(),
	}
	readVaultNetwork(r, p.PublicNetworkAccess, p.NetworkACLs, doc)
	return doc
}

// readVaultNetwork reads who reaches the vault's endpoint. A vault without rules
// has its firewall off (learn.microsoft.com/azure/key-vault/general/network-security).
func readVaultNetwork(r *engine.Reading, access string, rules *networkACLs, doc *KeyVault) {
	switch strings.ToLower(access) {
	case "disabled":
		doc.TrustedServices = true
		return
	case perimeterAccess:
		unreadPerimeter(r, "any_network", "trusted_services")
		return
	case "", "enabled": // absent: enabled, as the API documents
	default:
		r.Strange("public network access", "any_network")
	}
	if rules == nil {
		rules = &networkACLs{DefaultAction: "Allow"}
	}
	if rules.Bypass == "" {
		rules.Bypass = "AzureServices" // which the API documents as the default
	}
	doc.AnyNetwork = rules.open(r, "any_network")
	doc.TrustedServices = doc.AnyNetwork || rules.bypasses("AzureServices")
}

// VaultKey is what rules may ask of a key in a key vault.
type VaultKey struct {
	Enabled     bool      `json:"enabled"`
	Expires     time.Time `json:"expires"`     // never: it has no expiry date
	Rotates     bool      `json:"rotates"`     // its rotation policy makes new versions by itself
	Certificate bool      `json:"certificate"` // it belongs to a certificate and is renewed with it
}

const readVaultKey = "Microsoft.KeyVault/vaults/keys/read"

var vaultKeys = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.KeyVault/vaults/keys",
		Service: "keyvault",
		Doc:     VaultKey{},
		Calls: []scanners.Call{
			{Op: readVaultKey, Each: true},
			{Op: readVaultSecrets, Each: true, For: []string{"certificate"}},
		},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    vaultType,
	NoGet: readDirectly,
	Parts: func(r *engine.Reading) ([]*engine.Row, error) {
		return engine.FetchRows(r, readVaultKey, "/keys", vaultVersion)
	},
	Read: readVaultKeyRow,
}

// attributes are those of a key or a secret; times are seconds since 1970.
type attributes struct {
	Enabled  *bool
	NBF, Exp int64 // 0: none
}

// until returns when it expires.
func (a attributes) until() time.Time { return secondsSince1970(a.Exp) }

func secondsSince1970(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func readVaultKeyRow(r *engine.Reading) any {
	var data struct {
		Properties struct{ Attributes *attributes }
	}
	r.Decode(&data)
	has := engine.Need(r, data.Properties.Attributes, "enabled", "expires")
	doc := &VaultKey{Enabled: engine.Need(r, has.Enabled, "enabled"), Expires: has.until()}
	if r.Wants("rotates") {
		doc.Rotates = readRotation(r)
	}
	if r.Wants("certificate") {
		certificates, err := certificatesOf(r, engine.Parent(r.Row.ID))
		r.Got(err, "certificate")
		doc.Certificate = certificates[strings.ToLower(r.Row.Name)]
	}
	return doc
}

// readRotation reports whether the key's rotation policy makes new versions.
// The listing lacks it; the key itself leaves it out where it is empty.
func readRotation(r *engine.Reading) bool {
	var key struct {
		Properties *struct {
			RotationPolicy struct {
				LifetimeActions []struct{ Action struct{ Type string } }
			}
		}
	}
	if !r.Got(r.Fetch(readVaultKey, "", vaultVersion, &key), "rotates") {
		return false
	}
	p := engine.Need(r, key.Properties, "rotates")
	if key.Properties == nil {
		return false
	}
	for _, action := range p.RotationPolicy.LifetimeActions {
		if strings.EqualFold(action.Action.Type, "rotate") {
			return true
		}
	}
	return false
}

// VaultSecret is what rules may ask of a secret in a key vault. Nobody reads
// what the secret is.
type VaultSecret struct {
	Enabled bool      `json:"enabled"`
	Expires time.Time `json:"expires"` // never: it has no expiry date
}

const readVaultSecrets = "Microsoft.KeyVault/vaults/secrets/read"

var vaultSecrets = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.KeyVault/vaults/secrets",
		Service: "keyvault",
		Doc:     VaultSecret{},
		Calls:   []scanners.Call{{Op: readVaultSecrets, Each: true}},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    vaultType,
	NoGet: readDirectly,
	Parts: secretRows,
	Read: func(r *engine.Reading) any {
		data := decodeSecret(r, "enabled", "expires")
		if data.certificate() {
			return nil
		}
		return &VaultSecret{Enabled: engine.Need(r, data.Properties.Attributes.Enabled, "enabled"), Expires: data.Properties.Attributes.until()}
	},
}

// VaultCertificate is what rules may ask of a certificate in a key vault. The
// management plane shows it as the secret that holds it.
type VaultCertificate struct {
	Enabled bool      `json:"enabled"`
	Expires time.Time `json:"expires"`
	Days    int64     `json:"days"` // from the first day on which it is valid to the last
}

var vaultCertificates = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.KeyVault/vaults/certificates",
		Service: "keyvault",
		Doc:     VaultCertificate{},
		Calls:   []scanners.Call{{Op: readVaultSecrets, Each: true}},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    vaultType,
	NoGet: readDirectly,
	Parts: secretRows,
	Read: func(r *engine.Reading) any {
		data := decodeSecret(r, "enabled", "expires", "days")
		if !data.certificate() {
			return nil
		}
		r.ID = path.Dir(path.Dir(r.ID)) + "/certificates/" + path.Base(r.ID)
		has := data.Properties.Attributes
		if has.Exp == 0 {
			r.Absent("read "+r.Type, "expires", "days")
		}
		if has.NBF == 0 {
			r.Absent("read "+r.Type, "days")
		}
		return &VaultCertificate{
			Enabled: engine.Need(r, has.Enabled, "enabled"), Expires: has.until(),
			Days: int64(has.until().Sub(secondsSince1970(has.NBF)) / (24 * time.Hour)),
		}
	},
}

// vaultSecret is a secret as the management plane lists it, without its value
// (learn.microsoft.com/rest/api/keyvault/keyvault/secrets/list).
type vaultSecret struct {
	Properties struct {
		ContentType string
		Attributes  *attributes
	}
}

// certificate reports whether the secret holds a certificate and its key, by
// the two types that Key Vault gives to those.
func (s vaultSecret) certificate() bool {
	return slices.Contains([]string{"application/x-pkcs12", "application/x-pem-file"}, strings.ToLower(s.Properties.ContentType))
}

func secretRows(r *engine.Reading) ([]*engine.Row, error) { return secretsOf(r, r.Row.ID) }

// secretsOf lists the secrets of a vault once.
func secretsOf(r *engine.Reading, vault string) ([]*engine.Row, error) {
	return engine.Once(r, "secrets of "+vault, func() ([]*engine.Row, error) {
		all, err := engine.FetchAllOf[json.RawMessage](r, readVaultSecrets, vault, "/secrets", vaultVersion)
		found, bad := engine.Rows(r, readVaultSecrets, all)
		return found, errors.Join(err, bad)
	})
}

// certificatesOf returns the names of the secrets of a vault that hold
// certificates, in lower case.
func certificatesOf(r *engine.Reading, vault string) (map[string]bool, error) {
	return engine.Once(r, "certificates of "+vault, func() (map[string]bool, error) {
		secrets, err := secretsOf(r, vault)
		names := map[string]bool{}
		for _, row := range secrets {
			var data vaultSecret
			bad := scanners.Failed(readVaultSecrets, json.Unmarshal(row.Data, &data))
			err = errors.Join(err, bad)
			names[strings.ToLower(row.Name)] = bad == nil && data.certificate()
		}
		return names, err
	})
}

// decodeSecret reads a secret's row. The fields are those of its attributes.
func decodeSecret(r *engine.Reading, fields ...string) vaultSecret {
	var data vaultSecret
	r.Decode(&data)
	has := engine.Need(r, data.Properties.Attributes, fields...)
	data.Properties.Attributes = &has
	return data
}
