package scanners_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

func TestWithoutSecrets(t *testing.T) {
	const made = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz+/=="
	for text, want := range map[string]string{
		"User: arn:aws:sts::111122223333:assumed-role/posture-scan/20261122T010000Z-aws is not authorized to perform: s3:GetBucketAcl": "User: arn:aws:sts::111122223333:assumed-role/posture-scan/20261122T010000Z-aws is not authorized to perform: s3:GetBucketAcl",
		"no.\nEncoded authorization failure message: " + made + " end":                                                                 "no. Encoded authorization failure message: (left out) end",
		"the security token x-amz-security-token:" + made + " is invalid":                                                              "the security token x-amz-security-token:(left out) is invalid",
		"Signature=" + made + ", SignedHeaders=host":                                                                                   "Signature=(left out) SignedHeaders=host",
		"Authorization: Bearer ya29.made-up was refused":                                                                               "Authorization: (left out) was refused",
		"The key AKIAIOSFODNN7EXAMPLE is unknown":                                                                                      "The key (left out) is unknown",
		"Request ID: 7XYZABCDEF012345, failed":                                                                                         "Request ID: (left out), failed",
		"prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: Ab3dEf_gh1jKlmnop":                                   "prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: (left out)",
		"request 0aa11bb2-3344-5566-7788-99aabbccddee":                                                                                 "request (left out)",
		"dial postgres://user:hunter22@db.example.com":                                                                                 "dial (left out)",
		"it was " + made:                  "it was (left out)",
		"bad\x1b[31m\u202ename\x00":       "bad [31m name",
		`{"access_key": "abc", "b": "c"}`: `{"access_key": (left out) "b": "c"}`,
		" \n ":                            "",
	} {
		if got := scanners.WithoutSecrets(text); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	if got := []rune(scanners.WithoutSecrets(strings.Repeat("é ", 400))); len(got) != 300 {
		t.Errorf("%d characters are kept", len(got))
	}
}

// TestSaidDoesNotDependOnOrder holds that what is kept is the same, whoever
// notes first, and that an id in a text makes no difference.
func TestSaidDoesNotDependOnOrder(t *testing.T) {
	denied := posture.Cause{Reason: posture.Denied, Operation: "s3:GetBucketAcl"}
	var one, other scanners.Said
	texts := []string{"no, said b. Request ID: 0123456789ABCDEF", "no, said a. Request ID: FEDCBA9876543210"}
	one.Note(denied, texts[0])
	one.Note(denied, texts[1])
	other.Note(denied, texts[1])
	other.Note(denied, texts[0])
	other.Note(posture.Cause{Reason: posture.NotAnswered}, "")
	want := []posture.Saying{{Cause: denied, Text: "no, said a. Request ID: (left out)"}}
	if diff := cmp.Diff(want, one.List()) + cmp.Diff(want, other.List()); diff != "" {
		t.Error(diff)
	}
}

func FuzzWithoutSecrets(f *testing.F) {
	f.Add("a token=", " b")
	f.Fuzz(func(t *testing.T, before, after string) {
		const key = "AKIAIOSFODNN7EXAMPLE"
		got := scanners.WithoutSecrets(before + " " + key + " " + after)
		if strings.Contains(got, key) || len([]rune(got)) > 300 {
			t.Errorf("%q", got)
		}
	})
}
