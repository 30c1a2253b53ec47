package scanners

import "testing"

func TestHoldsCredential(t *testing.T) {
	tests := map[string]bool{
		"":                                              false,
		"https://example.com/AKIA":                      false,
		"key=AKIAIOSFODNN7EXAMPLE;region=x":             true,
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE":         true,
		"-----BEGIN PUBLIC KEY-----":                    false,
		"XAKIAIOSFODNN7EXAMPLE":                         false,
		"xoxb-" + "123456789012-abcdefghij":             true,
		"ghp_" + "0123456789abcdefghij0123456789abcdef": true,
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:token": false,
		"projects/shop-prod/secrets/token/versions/latest":           false,
	}
	for text, want := range tests {
		if got := HoldsCredential(text); got != want {
			t.Errorf("HoldsCredential(%q) = %v, want %v", text, got, want)
		}
	}
}
