package scanners

import (
	"regexp"
	"strings"
)

// credentialForms are the forms that issuers give their credentials, and that
// nothing else has. Tokens that are made to be shown, as JWTs of public clients
// and publishable keys, are not among them.
var credentialForms = []string{
	`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,                                                            // AWS: access keys, lasting and temporary
	`\b(?:xox[abceoprs]|xapp)-[0-9A-Za-z-]{10,}`,                                               // Slack: tokens
	`\bhooks\.slack\.com/(?:services|workflows|triggers)/[0-9A-Z]+/[0-9A-Z]+/[0-9A-Za-z]{16,}`, // Slack: webhooks
	`\bgh[pousr]_[0-9A-Za-z]{36,}`, `\bgithub_pat_[0-9A-Za-z_]{50,}`,                           // GitHub
	`\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat)-[0-9A-Za-z_.-]{20,}`, // GitLab
	`\bAIza[0-9A-Za-z_-]{35}(?:[^0-9A-Za-z_-]|$)`,                         // Google: API keys
	`\bGOCSPX-[0-9A-Za-z_-]{28}`,                                          // Google: secrets of OAuth clients
	`\b(?:sk|rk)_live_[0-9A-Za-z]{20,}`,                                   // Stripe
	`\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}`,                          // SendGrid
	`\bSK[0-9a-f]{32}\b`,                                                  // Twilio: API keys
	`\bnpm_[0-9A-Za-z]{36}\b`,                                             // npm
	`\bpypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,}`,                            // PyPI
	`\bdop_v1_[0-9a-f]{64}\b`,                                             // DigitalOcean
	`\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b`,                              // Shopify
	`\bhvs\.[0-9A-Za-z_-]{24,}`,                                           // HashiCorp Vault
	`\bsk-ant-(?:api|admin)[0-9]{2}-[0-9A-Za-z_-]{80,}`,                   // Anthropic
	`\bsk-[0-9A-Za-z_-]{20,}T3BlbkFJ[0-9A-Za-z_-]{20,}`,                   // OpenAI
	`\b(?:AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{43,86}={1,2}`,         // Azure: storage, Service Bus, Event Hubs
	`[?&]sig=[0-9A-Za-z%+/]{43,}(?:%3[dD]|=)`,                             // Azure: shared access signatures
	`\b[0-9A-Za-z_~.-]{3}[0-9]Q~[0-9A-Za-z_~.-]{31,34}`,                   // Azure: secrets of Entra applications
	`-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----`,                       // private keys; files of Google service accounts hold one
	`LS0tLS1CRUdJTi(?:BQUklWQVRFIEtF|BSU0EgUFJJVkFURSBL|BFQyBQUklWQVRFIEtF|BPUEVOU1NIIFBSSVZBVE|BFTkNSWVBURUQgUFJJVkFU)`, // the same in base64
	`\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b`, // age
}

var credential = regexp.MustCompile(strings.Join(credentialForms, "|"))

// urlPassword matches a URL with a user and a password before its host, and
// the password of a JDBC URL, as "postgres://user:password@host".
var urlPassword = regexp.MustCompile(`\b[A-Za-z][0-9A-Za-z+.-]*://[^\s/?#:@"']*:([^\s/?#@"']+)@([^\s/?#"']+)|\bjdbc:[^\s"']*[?&;:](?i:password|pwd)=([^&;\s"']+)`)

// placeholder matches the signs that people write where a password is still to
// be filled in.
var placeholder = regexp.MustCompile(`^(?:[$<\[{].*|%[sdvq({].*|[*xX.]+|REDACTED)$`)

// HoldsCredential reports whether a text holds a credential of a known form,
// or a URL with a password. Passwords by themselves have no form: they are not
// found here, only by CredentialVariable.
func HoldsCredential(text string) bool {
	if credential.MatchString(text) {
		return true
	}
	for _, found := range urlPassword.FindAllStringSubmatch(text, -1) {
		password, host := found[1]+found[3], found[2]
		if !placeholder.MatchString(password) && !strings.HasPrefix(host, "sha256:") { // an image's tag and digest
			return true
		}
	}
	return false
}
