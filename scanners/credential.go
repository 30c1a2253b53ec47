package scanners

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
)

// ownForms are forms that the data of credential_forms_data.go does not have, or
// not as widely: what matches was made by an issuer, however random it is.
var ownForms = []string{
	`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,                                                            // AWS: access keys, lasting and temporary
	`\b(?:xox[abceoprs]|xapp)-[0-9A-Za-z-]{10,}`,                                               // Slack: tokens
	`\bhooks\.slack\.com/(?:services|workflows|triggers)/[0-9A-Z]+/[0-9A-Z]+/[0-9A-Za-z]{16,}`, // Slack: webhooks
	`\bGOCSPX-[0-9A-Za-z_-]{28}`,                                                               // Google: secrets of OAuth clients
	`\bhvs\.[0-9A-Za-z_-]{24,}`,                                                                // HashiCorp Vault: also short ones
	`\b(?:AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{43,86}={1,2}`,                              // Azure: storage, Service Bus, Event Hubs
	`[?&]sig=[0-9A-Za-z%+/]{43,}(?:%3[dD]|=)`,                                                  // Azure: shared access signatures
	`-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----`,                                            // private keys; files of Google service accounts hold one
	`LS0tLS1CRUdJTi(?:BQUklWQVRFIEtF|BSU0EgUFJJVkFURSBL|BFQyBQUklWQVRFIEtF|BPUEVOU1NIIFBSSVZBVE|BFTkNSWVBURUQgUFJJVkFU)`, // the same in base64
}

var credential = regexp.MustCompile(strings.Join(ownForms, "|"))

// urlPassword matches a URL with a user and a password before its host, and
// the password of a JDBC URL, as "postgres://user:password@host".
var urlPassword = regexp.MustCompile(`\b[A-Za-z][0-9A-Za-z+.-]*://[^\s/?#:@"']*:([^\s/?#@"']+)@([^\s/?#"']+)|\bjdbc:[^\s"']*[?&;:](?i:password|pwd)=([^&;\s"']+)`)

// placeholder matches the signs that people write where a password is still to
// be filled in.
var placeholder = regexp.MustCompile(`^(?:[$<\[{].*|%[sdvq({].*|[*xX.]+|REDACTED)$`)

// HoldsCredential reports whether a text holds a credential of a known form,
// or a URL with a password. Passwords by themselves have no form: they are not
// found here, only by CredentialVariable. Examples of documentation and web
// tokens that are made to be shown are not credentials.
func HoldsCredential(text string) bool {
	if credential.MatchString(text) || issued(text) {
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

// forAnybody reports whether a JSON web token says itself that it is for those
// who are not signed in, as those of Supabase for web pages do.
func forAnybody(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return false // as any other token
	}
	var claims struct {
		Role string `json:"role"`
	}
	return json.Unmarshal(text, &claims) == nil && claims.Role == "anon"
}
