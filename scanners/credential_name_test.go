package scanners

import "testing"

// TestCredentialVariables: names that say what is in them, with values that
// have no form of their own.
func TestCredentialVariables(t *testing.T) {
	random := "q8Zr3" + "vK1mT/xW7" + "yB5nC2dF0hJ9gL4sP6aQ1"
	for _, variable := range [][2]string{
		{"AWS_SECRET_ACCESS_KEY", random}, {"BACKUP_AWS_SECRET_ACCESS_KEY", random}, {"AWS_SESSION_TOKEN", random},
		{"DB_PASSWORD", "hunter2"}, {"DB_PASSWORD", "correct-horse-battery"}, {"dbPassword", "Tr0ub4dor&3"}, {"PGPASSWORD", "s3cr3t"},
		{"spring.datasource.password", "winter2026"}, {"SMTP_PASS", "letmein"}, {"DB_PWD", "1234"}, {"MYSQL_ROOT_PASSWORD", "root"},
		{"KEYSTORE_PASSPHRASE", "open sesame"}, {"DB_PASSWORD_PROD", "hunter2"}, {"DB_PASSWORD_2", "hunter2"}, {"DB_PASSWORD", `"hunter2"`},
		{"DD_API_KEY", "0123456789abcdef0123456789abcdef"}, {"mapsApiKey", random}, {"API-KEY", random}, {"APIKEY", random},
		{"GITHUB_TOKEN", random}, {"ACCESS_TOKEN_LIVE", random}, {"authToken", "0f8fad5b-d9cb-469f-a165-70867728950e"},
		{"JWT_SECRET", "supersecret"}, {"CLIENT_SECRET", random}, {"SECRET_KEY_BASE", random}, {"SECRET_KEY", random}, {"PRIVATE_KEY", "MIIEvQIBADANBg"},
		{"RAILS_MASTER_KEY", "0a9f0a9f0a9f0a9f0a9f0a9f0a9f0a9f"}, {"ENCRYPTION_KEY", random}, {"AZURE_ACCOUNT_KEY", random + "=="},
		{"anything", "AKIA" + "Q7ZQ7ZQ7ZQ7ZQ7ZQ"},
	} {
		if !CredentialVariable(variable[0], variable[1]) {
			t.Errorf("%s=%s: not found", variable[0], variable[1])
		}
	}
}

// TestOtherVariables: names of other things, and values that are none.
func TestOtherVariables(t *testing.T) {
	random := "q8Zr3" + "vK1mT/xW7" + "yB5nC2dF0hJ9gL4sP6aQ1"
	for _, variable := range [][2]string{
		{"PASSWORD_POLICY", "strict-policy-1"}, {"PASSWORD_MIN_LENGTH", "12"}, {"TOKEN_URL", random}, {"TOKEN_TTL", "3600"}, {"MAX_TOKENS", "4096000000"},
		{"KEY_ID", random}, {"API_KEY_ID", random}, {"AWS_ACCESS_KEY_ID", "any"}, {"KMS_KEY", random}, {"PARTITION_KEY", "customer-id"}, {"SORT_KEY", random},
		{"SECRET_NAME", random}, {"SECRET_ARN", random}, {"DB_PASSWORD_FILE", random}, {"PASSWORD_HASH", random}, {"PWD", "/srv/app"}, {"OLD_PWD", "/srv/app"},
		{"TOKENIZER", "cl100k_base_2"}, {"BYPASS", "hunter2"}, {"COMPASS", "north"}, {"MONKEY", random}, {"PUBLIC_KEY", random}, {"SSH_KEY", "deploy"},
		{"NEXT_PUBLIC_API_KEY", random}, {"STRIPE_PUBLISHABLE_API_KEY", random}, {"RECAPTCHA_SITE_SECRET", random}, {"VITE_API_KEY", random}, {"REACT_APP_TOKEN", random},
		{"DB_PASSWORD", ""}, {"DB_PASSWORD", "  "}, {"DB_PASSWORD", "true"}, {"DB_PASSWORD", "changeme"}, {"DB_PASSWORD", "CHANGE_ME"}, {"DB_PASSWORD", "<password>"},
		{"DB_PASSWORD", "${DB_PASSWORD}"}, {"DB_PASSWORD", "$(cat /run/secrets/db)"}, {"DB_PASSWORD", "{{resolve:secretsmanager:db}}"}, {"DB_PASSWORD", "****"},
		{"DB_PASSWORD", "/run/secrets/db"}, {"DB_PASSWORD", "prod/db/password"}, {"DB_PASSWORD", "prod-db-password"}, {"DB_PASSWORD", "your-password"},
		{"DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db"}, {"DB_PASSWORD", "projects/p/secrets/db/versions/latest"},
		{"DB_PASSWORD", "ssm:/prod/db"}, {"DB_PASSWORD", "op://prod/db/password"}, {"DB_PASSWORD", "sm://db"}, {"DB_PASSWORD", "@Microsoft.KeyVault(SecretUri=x)"},
		{"DB_PASSWORD", "AQIC" + "AHhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhAhA"}, {"DB_PASSWORD", "ENC[AES256_GCM,data:x]"}, {"DB_PASSWORD", "[redacted]"},
		{"DB_SECRET", "shop-database"}, {"DB_SECRET", "shop_db_v2"}, {"API_TOKEN", "github-token"}, {"ID_TOKEN", "required"}, {"CSRF_TOKEN", "enabled"},
		{"REFRESH_TOKEN", "86400"}, {"SESSION_TOKEN", "15m"}, {"PRIVATE_KEY", "/etc/ssl/private/shop.pem"}, {"PRIVATE_KEY", "keys/Shop.pem"}, {"TLS_PRIVATE_KEY", `C:\keys\shop`},
		{"SIGNING_KEY", "https://example.com/.well-known/jwks"}, {"LICENSE_KEY", "none"}, {"API_KEY", "xxxxxxxxxxxx"}, {"API_KEY", "your-api-key-here"}, {"API_KEY", "short"},
		{"", ""}, {"_", "x"}, {"LOG_LEVEL", "info"},
	} {
		if CredentialVariable(variable[0], variable[1]) {
			t.Errorf("%s=%s is no credential", variable[0], variable[1])
		}
	}
}
