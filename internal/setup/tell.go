package setup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/weekly"
)

// TellWeek puts the message about the last week that is over into the queue, once
// its page is kept and unless it was put there before. It is for a process that
// delivers the queue, and asks for no permission that such a one lacks. Without
// Slack it does nothing.
func TellWeek(ctx context.Context, a *audit.Auditor) error {
	channel := cmp.Or(a.Config.Slack.Weekly, a.Channel)
	if a.Channel == "" || channel == config.NoWeekly {
		return nil
	}
	week := weekly.Of(a.Now()).Before(1)
	alert := drift.Alert{Key: weekKey(week), Group: weekKey(week), Kind: drift.Weekly, Time: week.End()}
	box := outbox.New(a.Store, a.Now, outbox.Sleep)
	if known, err := box.Known(ctx, channel, alert); err != nil || known {
		return err
	}
	page, err := weekly.Kept(ctx, a.Store, week)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	fill(&alert, page.Digest(), a.Store)
	if address := addresses(a.Store, a.Config.Slack.BaseURL); address != nil {
		alert.Week.Address = address(page.Digest().Key)
	}
	return box.Add(ctx, outbox.Entry{Channel: channel, Fallback: a.Config.Slack.Fallback, Alert: alert})
}

// weekKey is the identity of the message about a week.
func weekKey(week weekly.Week) string {
	sum := sha256.Sum256([]byte("weekly " + week.String()))
	return hex.EncodeToString(sum[:])
}

// fill takes over what the digest of a page says.
func fill(a *drift.Alert, d weekly.Digest, kept store.Store) {
	w := drift.Week{
		Week: d.Week.String(), Headline: d.Headline, Doubts: d.NotEnough, Rules: moved(d.Rules), Findings: moved(d.Findings),
		Began: d.Regressed, Fixed: d.Fixed, Missed: d.Missed, Expected: d.Expected, MoreOwners: d.MoreOwners,
		Page: kept.String() + "/" + d.Key,
	}
	if d.Chain.Sequence > 0 {
		w.Head = fmt.Sprintf("%d, sha256 %s", d.Chain.Sequence, d.Chain.Manifest)
	}
	for _, due := range d.Open {
		w.Open = append(w.Open, drift.DueCount{Severity: due.Severity, Open: due.Open, PastDue: due.PastDue})
		if due.Open > 0 && !a.Severity.AtLeast(due.Severity) {
			a.Severity = due.Severity
		}
		a.Total += due.Open
	}
	for _, owner := range d.PastDue {
		w.PastDue = append(w.PastDue, drift.OwnerCount{Owner: owner.Name, Open: owner.Open, PastDue: owner.PastDue})
	}
	for _, row := range d.Worst {
		a.Resources = append(a.Resources, drift.Resource{
			Fingerprint: row.Fingerprint, Rule: row.Rule, Severity: row.Severity, Account: cmp.Or(row.AccountName, row.Account), Region: row.Region, Type: row.Type,
			ID: row.Resource, Name: row.Name, Owner: row.Owner, Link: row.Link, Sentence: row.Sentence, LastPass: row.LastPass, FirstFail: row.Since,
		})
	}
	a.MoreResources = max(0, a.Total-len(a.Resources))
	a.Week = &w
}

// moved returns how many fail, now and before.
func moved(b weekly.Balance) drift.Moved {
	m := drift.Moved{Now: b.Now.Failing}
	if b.Before != nil {
		m.Before = &b.Before.Failing
	}
	return m
}

// shareTime is for how long the link to a week's page opens for everybody.
const shareTime = 7 * 24 * time.Hour

// Sharing returns the sender with links to what is kept in the store: a message
// about a week gets one that opens without signing in, where the store can make
// one. It is made as the message is posted, and stored nowhere.
func Sharing(sender outbox.Sender, kept store.Store) outbox.Sender {
	viewable, ok := kept.(store.Viewable)
	if !ok {
		return sender
	}
	return sharing{sender, viewable}
}

type sharing struct {
	outbox.Sender
	kept store.Viewable
}

// Send posts a message. One whose page cannot be shared has its address alone.
func (s sharing) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	if m.Alert.Week != nil && len(m.Members) == 0 {
		week := *m.Alert.Week
		if parsed, err := weekly.Parse(week.Week); err == nil {
			week.Shared, week.Until, _ = s.kept.Share(ctx, weekly.Key(parsed, "html"), shareTime) // see above
		}
		m.Alert.Week = &week
	}
	return s.Sender.Send(ctx, m)
}

// RunLink returns where people see what is stored of a run: under the base address
// of the configuration, else in the provider's console; nil for nowhere.
func RunLink(kept store.Store, base string) func(posture.RunID) string {
	address := addresses(kept, base)
	if address == nil {
		return nil
	}
	return func(run posture.RunID) string { return address(snapshot.RunPrefix(run)) }
}

// addresses returns where people see what is under a key, nil for nowhere.
func addresses(kept store.Store, base string) func(key string) string {
	if base != "" {
		return func(key string) string { return strings.TrimSuffix(base, "/") + "/" + key }
	}
	if viewable, ok := kept.(store.Viewable); ok {
		return viewable.Address
	}
	return nil
}
