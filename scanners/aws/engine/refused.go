package engine

import (
	"regexp"
	"strings"

	"posture/internal/posture"
)

// refusal matches what AWS adds to the message of a refused call: the kind of
// policy that decided, by a deny in it or for want of an allow. The forms are
// those of "Troubleshoot access denied error messages" in the IAM User Guide;
// services differ in "session policy" and "session-based policy".
var refusal = regexp.MustCompile(`(?i)(with an explicit deny in (?:an? |the )?|because no )` +
	`(service control|resource control|identity-based|resource-based|session(?:-based)?|VPC endpoint|role trust|permissions boundary)\b`)

// refusedBy returns the reason that a refused call's message tells. Names in it
// come before the reason, so the last one counts.
func refusedBy(message string) posture.Reason {
	found := refusal.FindAllStringSubmatch(message, -1)
	if len(found) == 0 {
		return posture.Denied
	}
	last := found[len(found)-1]
	kind, explicit := strings.ToLower(last[2]), strings.HasPrefix(strings.ToLower(last[1]), "with")
	if kind == "identity-based" && explicit {
		return posture.DeniedByOwnDeny
	}
	return deciders[kind]
}

// deciders holds the reason for each kind of policy.
var deciders = map[string]posture.Reason{
	"service control":      posture.DeniedBySCP,
	"resource control":     posture.DeniedByRCP,
	"identity-based":       posture.Denied,
	"resource-based":       posture.DeniedByResource,
	"session":              posture.DeniedBySession,
	"session-based":        posture.DeniedBySession,
	"vpc endpoint":         posture.DeniedByEndpoint,
	"role trust":           posture.DeniedByTrust,
	"permissions boundary": posture.DeniedByBoundary,
}
