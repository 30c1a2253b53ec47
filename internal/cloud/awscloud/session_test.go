package awscloud

import (
	"errors"
	"strings"
	"testing"

	"posture/internal/posture"
)

// TestSessionName holds that the logs of other accounts show whose call it was,
// by a name that AWS takes.
func TestSessionName(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "posture"},
		{map[string]string{"USER": "alice"}, "posture-alice"},
		{map[string]string{"USER": "sbx_user1051", "POSTURE_STACK": "audit-eu"}, "posture-audit-eu"},
		{map[string]string{"USERNAME": "Zoë van Dam"}, "posture-Zo-van-Dam"},
		{map[string]string{"USER": strings.Repeat("a", 99)}, "posture-" + strings.Repeat("a", 56)},
	} {
		if got := sessionName(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %q, want %q", test.env, got, test.want)
		}
	}
	if got := sessionName(nil); got != "posture" {
		t.Errorf("without an environment: %q", got)
	}
}

// TestManagementAccount holds that the account that a StackSet leaves out is named.
func TestManagementAccount(t *testing.T) {
	const role, hint = "arn:aws:iam::1:role/r", "in the management account"
	refused := &posture.ReadError{Cause: posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole"}, Err: errors.New("refused")}
	for organization, want := range map[bool]bool{true: true, false: false} {
		if got := advise(refused, role, "", organization).Error(); strings.Contains(got, hint) != want {
			t.Errorf("in an organization %t: %s", organization, got)
		}
	}
}
