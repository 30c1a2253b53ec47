package scanners

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestHoldsCredential: each form of an issuer is found, alone and within other
// text. The forms are put together here, so that no scanner of secrets takes
// this file for a leak.
func TestHoldsCredential(t *testing.T) {
	letters := func(n int) string { return strings.Repeat("q7Zr2KxWb9TfLm4HnVc8Yd3Gs6Jp5", n)[:n] }
	hex := func(n int) string { return strings.Repeat("0a9f31c7e5d2b846", n)[:n] }
	capitals := func(n int) string { return strings.Repeat("Q7ZX2KW5TGLMVHN3RYP4", n)[:n] }
	for name, text := range map[string]string{
		"AWS":                          "AKIA" + capitals(16),
		"AWS, temporary":               "ASIA" + capitals(16),
		"Slack bot":                    "xoxb-" + "123456789012-abcdefghij",
		"Slack app":                    "xapp-" + "1-A0123456789-" + letters(20),
		"Slack webhook":                "https://hooks.slack.com" + "/services/T0123456/B0123456/" + letters(24),
		"GitHub":                       "ghp_" + letters(36),
		"GitHub app":                   "ghs_" + letters(36),
		"GitHub, fine-grained":         "github_pat_" + letters(22) + "_" + letters(59),
		"GitLab":                       "glpat-" + letters(20),
		"GitLab deploy":                "gldt-" + letters(20),
		"Google":                       "AIza" + letters(35),
		"Google, ends in a dash":       "AIza" + letters(34) + "-",
		"Google OAuth client":          "GOCSPX-" + letters(28),
		"Google service account":       `{"type": "service_account", "private_key": "-----BEGIN ` + `PRIVATE KEY-----\nMIIE"}`,
		"Stripe":                       "sk_live_" + letters(24),
		"Stripe, restricted":           "rk_live_" + letters(24),
		"SendGrid":                     "SG." + letters(22) + "." + letters(43),
		"Twilio":                       "SK" + hex(32),
		"npm":                          "npm_" + strings.ToLower(letters(36)),
		"PyPI":                         "pypi-AgEIcHlwaS5vcmc" + letters(60),
		"DigitalOcean":                 "dop_v1_" + hex(64),
		"Shopify":                      "shpat_" + hex(32),
		"Vault":                        "hvs." + letters(40),
		"Anthropic":                    "sk-ant-api03-" + letters(93) + "AA",
		"OpenAI":                       "sk-" + letters(20) + "T3BlbkFJ" + letters(20),
		"Azure storage":                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=" + letters(86) + "==;EndpointSuffix=core.windows.net",
		"Azure Service Bus":            "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=" + letters(43) + "=",
		"Azure SAS":                    "https://shop.blob.core.windows.net/c?sv=2023-01-03&sp=r&sig=" + letters(43) + "%3D",
		"Azure Entra":                  "abc8Q~" + letters(34),
		"RSA key":                      "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
		"PGP key":                      "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
		"age":                          "AGE-SECRET-KEY-1" + strings.Repeat("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 2)[:58],
		"Hugging Face":                 "hf_" + strings.Repeat("qWxKbTfLmHnVcYdGsJp", 2)[:34],
		"Databricks":                   "dapi" + hex(32),
		"web token":                    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + letters(43),
		"URL":                          "postgres://user:" + "pass@db.example.com/shop",
		"URL, no user":                 "redis://:" + "pass@cache.example.com:6379",
		"URL, escaped":                 "mongodb+srv://user:" + "p%40ss@cluster.example.com/?retryWrites=true",
		"URL, basic authentication":    "https://deploy:" + "pass@git.example.com/shop.git",
		"URL, JDBC":                    "jdbc:postgresql://db.example.com/shop?user=app&password=" + "pass",
		"URL, JDBC of SQL Server":      "jdbc:sqlserver://db.example.com;user=app;password=" + "pass;encrypt=true",
		"two URLs, the second with it": "http://u:${PASSWORD}@a.example.com http://u:" + "pass@b.example.com",
	} {
		for _, around := range []string{text, "key=" + text + ";region=x", `{"value": "` + text + `"}`, "first\n" + text} {
			if !HoldsCredential(around) {
				t.Errorf("%s: not found in %q", name, around)
			}
		}
	}
	for _, kind := range []string{"", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "} {
		if !HoldsCredential(base64.StdEncoding.EncodeToString([]byte("-----BEGIN " + kind + "PRIVATE KEY-----\n"))) {
			t.Errorf("%sprivate key in base64: not found", kind)
		}
	}
}

// TestHoldsNoCredential: names of secrets, and what is yet to be filled in.
func TestHoldsNoCredential(t *testing.T) {
	certificate := base64.StdEncoding.EncodeToString([]byte("-----BEGIN " + "CERTIFICATE-----\n"))
	for _, text := range []string{
		"", "info", certificate,
		"https://example.com/AKIA", "XAKIAIOSFODNN7EXAMPLE", "AKIA", "ASIA/Tokyo", "-----BEGIN PUBLIC KEY-----",
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:token", "arn:aws:ssm:us-east-1:111122223333:parameter/db/password",
		"projects/shop-prod/secrets/token/versions/latest", "/aws/reference/secretsmanager/token",
		"{{resolve:secretsmanager:db:SecretString:password}}", "{{resolve:ssm-secure:db:1}}", "ssm:/shop/db/password",
		"postgres://db.example.com/shop", "postgres://user@db.example.com/shop", "postgres://user:@db.example.com/shop",
		"postgres://user:${PASSWORD}@db.example.com", "postgres://user:$PASSWORD@db.example.com", "postgres://user:<password>@db.example.com",
		"postgres://user:{{resolve:secretsmanager:db}}@db.example.com", "postgres://user:%s@db.example.com", "postgres://user:****@db.example.com",
		"postgres://user:[password]@db.example.com", "postgres://user:xxxxx@db.example.com", "jdbc:mysql://db.example.com/shop?user=app&password=${PASSWORD}",
		"jdbc:mysql://db.example.com/shop", "https://example.com:8443/path", "https://example.com/@scope/package:1", "ssh://git@example.com:22/shop.git",
		"docker://alpine:3.20@sha256:0123456789abcdef", "mailto:user@example.com", "http://localhost:8080,http://user@localhost",
		"pk_live_0123456789abcdefghij0123", "glpat-", "SG.short.short", "npm_config_registry",
		"AccountKey=", "AccountName=shop;EndpointSuffix=core.windows.net", "SK0123", "skipping", "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl",
	} {
		if HoldsCredential(text) {
			t.Errorf("%q is no credential", text)
		}
	}
}
