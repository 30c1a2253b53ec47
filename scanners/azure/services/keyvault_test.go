package services

import (
	"strings"
	"testing"
	"time"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestKeyVault(t *testing.T) {
	t.Parallel()
	lacks := lackingOf(vaultType)
	newYear := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	serviceTest{
		data:  "keyvault",
		types: []string{vaultType, vaultKeys.Name, vaultSecrets.Name, vaultCertificates.Name},
		want: map[string]any{
			"vaults KeysGood": &KeyVault{
				RBAC: true, SoftDelete: true, PurgeProtection: true, TrustedServices: true, PrivateEndpoints: 1, AuditLogged: true,
			},
			"vaults keysbad":    &KeyVault{SoftDelete: true, AnyNetwork: true, TrustedServices: true},
			"vaults keysplain":  &KeyVault{SoftDelete: true, AnyNetwork: true, TrustedServices: true},
			"vaults keysclosed": &KeyVault{SoftDelete: true, TrustedServices: true, Managed: true},
			"vaults keysbare":   &KeyVault{SoftDelete: true, AnyNetwork: true, TrustedServices: true},
			"keys orders":       &VaultKey{Enabled: true, Expires: newYear, Rotates: true},
			"keys site":         &VaultKey{Enabled: true, Expires: newYear, Certificate: true},
			"keys old":          &VaultKey{Enabled: true},
			"keys told":         &VaultKey{},
			"keys bare":         &VaultKey{},
			"secrets token":     &VaultSecret{Enabled: true, Expires: newYear},
			"secrets password":  &VaultSecret{Enabled: true},
			"secrets bare":      &VaultSecret{},
			"certificates site": &VaultCertificate{Enabled: true, Expires: newYear, Days: 365},
			"certificates odd":  &VaultCertificate{Enabled: true},
		},
		unread: map[string][]string{
			"vaults keysbare": {
				lacks("rbac"), lacks("soft_delete"), lacks("purge_protection"), lacks("any_network"), lacks("trusted_services"), lacks("private_endpoints"),
				"audit_logged: " + readDiagnosticSettings + ": access denied; grant " + readDiagnosticSettings,
			},
			"keys bare": {
				lackingOf(vaultKeys.Name)("enabled"), lackingOf(vaultKeys.Name)("expires"),
				"rotates: " + readVaultKey + ": access denied; grant " + readVaultKey,
			},
			"secrets bare":     {lackingOf(vaultSecrets.Name)("enabled"), lackingOf(vaultSecrets.Name)("expires")},
			"certificates odd": {lackingOf(vaultCertificates.Name)("days"), lackingOf(vaultCertificates.Name)("expires")},
		},
	}.run(t)
}

// TestSecretsOnce: the secrets of a vault are listed once for its keys, secrets
// and certificates.
func TestSecretsOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, "keyvault")
	enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), vaultKeys.Name, vaultSecrets.Name, vaultCertificates.Name))
	listed := 0
	for call, n := range server.Calls() {
		if strings.HasSuffix(call, "/secrets") {
			listed++
			if n != 1 {
				t.Errorf("%s: %d times", call, n)
			}
		}
	}
	if listed == 0 {
		t.Error("no vault's secrets were listed")
	}
}
