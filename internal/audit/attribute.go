package audit

import (
	"context"
	"strings"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// The bounds of asking who changed something, for one run in all.
const (
	attributeTime  = 10 * time.Second
	attributeLimit = 20 // look-ups
)

// massAttributed is how many resources of a mass change are asked for: they
// probably share who changed them.
const massAttributed = 3

// attribute asks the audit logs for the change behind each regression that the
// alerts show, as far as time and number allow, and behind the first of a mass
// change. What cannot be found out stays unsaid: an alert never waits longer for
// it, and is never lost for it. An account that refuses is not asked again.
func (a *Auditor) attribute(ctx context.Context, alerts []drift.Alert) {
	deadline, bounded := ctx.Deadline()
	if !a.Config.Attributes() || bounded && deadline.Sub(a.Now()) < attributeTime+writeTime {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, attributeTime)
	defer cancel()
	refused := map[string]bool{}
	left := attributeLimit
	for _, alert := range alerts {
		for i := range alert.Resources[:attributed(alert)] {
			target := targetOf(alert, alert.Resources[i])
			look := a.Clouds[target.Provider].LastChange
			if look == nil || refused[target.String()] || alert.Resources[i].LastPass.IsZero() && alert.Kind == drift.MassChange {
				continue
			}
			if left == 0 || ctx.Err() != nil {
				return
			}
			left--
			found, err := look(ctx, alert.Resources[i], alert.Resources[i].LastPass, a.Now())
			refused[target.String()] = err != nil
			if err == nil {
				alert.Resources[i].Likely = a.discreet(found)
			}
		}
	}
}

// attributed returns how many resources of an alert are asked for.
func attributed(alert drift.Alert) int {
	switch alert.Kind {
	case drift.Regressed:
		return len(alert.Resources)
	case drift.MassChange:
		return min(len(alert.Resources), massAttributed)
	}
	return 0
}

// targetOf returns the target that a resource of an alert is of, the zero one
// where the alert does not name it.
func targetOf(alert drift.Alert, r drift.Resource) posture.Target {
	if alert.Target != nil {
		return *alert.Target
	}
	for _, count := range alert.Targets {
		if count.Target.Account == r.Account {
			return count.Target
		}
	}
	return posture.Target{}
}

// discreet leaves out e-mail addresses unless they are to be shown. The names
// of sessions are always left out then, as most of them are addresses.
func (a *Auditor) discreet(found *drift.Attribution) *drift.Attribution {
	if found == nil || a.Config.Alerts.ShowEmail {
		return found
	}
	shown := *found
	shown.Session = ""
	if name, domain, address := strings.Cut(shown.Principal, "@"); address && name != "" {
		shown.Principal = "***@" + domain
	}
	return &shown
}
