package scanners

import "regexp"

// credential matches what can only be a credential, by the forms that its
// issuer gives it: AWS, Slack, GitHub, Google and Stripe keys, private keys.
var credential = regexp.MustCompile(`\b(AKIA[0-9A-Z]{16}|xox[abprs]-[0-9A-Za-z-]{10,}|gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{50,}|AIza[0-9A-Za-z_-]{35}|sk_live_[0-9A-Za-z]{20,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----`)

// HoldsCredential reports whether a text holds a credential of a known form.
// Passwords have no form: they are not found.
func HoldsCredential(text string) bool { return credential.MatchString(text) }
