package rules_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

var (
	failsText = regexp.MustCompile(`(?ms)^fails:.*?^fix:`)
	counted   = regexp.MustCompile(`\{(\w+)\} (?:[a-z]+ ){0,3}?(days|hours|people|applications|disks|findings|updates|workloads|points|rules|policies|keys|users|owners|subnets|nodes|tasks|roles|ways|grants|tunnels)\b`)
)

// neverOne are counts that a sentence names only when they are more than one, or
// none, with what says so.
var neverOne = map[string]string{
	"aws-iam-group-no-privilege-escalation ways": "another sentence is for one", "aws-iam-inline-no-privilege-escalation ways": "another sentence is for one",
	"aws-iam-no-privilege-escalation ways": "another sentence is for one", "aws-iam-role-no-privilege-escalation ways": "another sentence is for one",
	"aws-iam-user-no-privilege-escalation ways": "another sentence is for one", "aws-sso-permission-set-no-privilege-escalation ways": "another sentence is for one",
	"aws-iam-user-permissions-via-groups policies": "other sentences are for one", "aws-iam-single-active-key active_access_keys": "more than one", "aws-vpn-both-tunnels-up tunnels": "there are two of a connection",
	"azure-entra-app-credentials-fresh longest_days": "longer than the parameter", "azure-entra-user-mfa users": "all of the tenant",
	"azure-keyvault-certificate-validity days": "longer than the parameter", "azure-log-workspace-retention-365d retention_days": "Azure keeps four at least",
	"azure-log-workspace-retention-365d shortest_days": "Azure keeps four at least", "azure-no-custom-owner-roles custom": "more than the parameter",
	"azure-storage-shared-key-off key_age_days": "older than the parameter", "azure-vm-updates-installed patches_days": "longer than the parameter",
	"gcp-apikeys-rotated-90d days": "older than the parameter", "gcp-iam-no-primitive-roles count": "another sentence is for one",
	"gcp-iam-sa-key-rotated-90d age": "older than the parameter", "gcp-kms-key-rotation-90d rotation_days": "longer than the parameter",
	"gcp-secretmanager-not-public-and-rotated rotation_days": "longer than the parameter",
}

// TestOneIsSingular holds that no sentence counts one thing as several, as in "1 days":
// where a count may be one, the rule says that otherwise.
func TestOneIsSingular(t *testing.T) {
	used := map[string]bool{}
	for _, p := range providers {
		for _, r := range load(t, p.files, p.docs).Rules() {
			text, err := fs.ReadFile(p.files, p.name+"/"+r.ID+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range counted.FindAllStringSubmatch(failsText.FindString(string(text)), -1) {
				key := r.ID + " " + found[1]
				if found[1] == "name" || found[1] == "account" { // it is no count
					continue
				}
				if neverOne[key] != "" {
					used[key] = true
				} else if !strings.Contains(string(text), "resource."+found[1]+" == 1") {
					t.Errorf("%s: {%s} %s: what does it say of one?", r.ID, found[1], found[2])
				}
			}
		}
	}
	for key := range neverOne {
		if !used[key] {
			t.Errorf("%s: nothing needs this", key)
		}
	}
}
