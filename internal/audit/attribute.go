package audit

import (
	"context"
	"strings"
	"time"

	"posture/internal/drift"
)

// The bounds of asking who changed something, for one run in all.
const (
	attributeTime  = 10 * time.Second
	attributeLimit = 20 // look-ups
)

// attribute asks the audit logs for the change behind each regression that the
// alerts show, as far as time and number allow. What cannot be found out stays
// unsaid: an alert never waits longer for it, and is never lost for it. An
// account that refuses is not asked again.
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
		if alert.Kind != drift.Regressed || alert.Target == nil || refused[alert.Target.String()] {
			continue
		}
		look := a.Clouds[alert.Target.Provider].LastChange
		for i := 0; look != nil && i < len(alert.Resources); i++ {
			if left == 0 || ctx.Err() != nil {
				return
			}
			left--
			found, err := look(ctx, alert.Resources[i], alert.Resources[i].LastPass, a.Now())
			if err != nil {
				refused[alert.Target.String()] = true
				break
			}
			alert.Resources[i].Likely = a.discreet(found)
		}
	}
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
