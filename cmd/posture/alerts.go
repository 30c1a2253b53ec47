package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/report"
)

// alerts is one posture alerts: what was told, and what waits.
type alerts struct {
	common
	since   time.Time
	Sent    []outbox.Record `json:"sent"`
	Waiting []outbox.Entry  `json:"waiting"`
}

func newAlerts(world *streams) *cobra.Command {
	a := &alerts{common: common{world: world}}
	cmd := group(&cobra.Command{
		Use:   "alerts",
		Short: "Show which alerts were sent to Slack, and which are waiting",
		Long: `Show which alerts were sent, when and to which channel, and which are waiting or
held, and why. An alert is held when Slack refuses it for a reason that a person
must fix, such as a channel that was deleted; it is tried again every hour, or at
once after posture alerts retry. A damaged alert cannot be read and is never sent:
posture changes shows what it was to say. Alerts that were only printed are not
listed here: see posture changes.

Exit codes: 0 ok, 2 wrong usage, 3 an alert or the store could not be read.`,
		Example: `  posture alerts
  posture alerts --since 30d --format json
  posture alerts retry && posture alerts deliver`,
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unknown command %q for %q: %s", args[0], cmd.CommandPath(), offered(cmd, args[0]))
		}
		return a.print(cmd.Context())
	}
	a.addStore(cmd)
	a.addSince(cmd, &a.since, "alerts sent", " (default 7d)")
	a.addFormat(cmd, "table", "json")
	cmd.AddCommand(newAlertsRetry(world), newAlertsDeliver(world))
	return cmd
}

func (a *alerts) print(ctx context.Context) error {
	kept, _, err := a.stored(ctx)
	if err != nil {
		return err
	}
	if a.since.IsZero() {
		a.since = a.world.now().Add(-7 * 24 * time.Hour)
	}
	box := outbox.New(kept, a.world.now, outbox.Sleep)
	a.Sent = []outbox.Record{}
	for record, err := range box.Notified(ctx, a.since) {
		if err != nil {
			return incomplete(err)
		}
		record.Alert = record.Alert.Stored()
		a.Sent = append(a.Sent, record)
	}
	slices.SortFunc(a.Sent, func(x, y outbox.Record) int {
		return cmp.Or(y.Time.Compare(x.Time), cmp.Compare(x.Key, y.Key))
	})
	waiting, err := box.Waiting(ctx)
	if err != nil {
		return incomplete(err)
	}
	a.Waiting = append([]outbox.Entry{}, waiting...)
	return errors.Join(a.write(kept.String()), a.damaged())
}

// write writes the alerts in the format that was asked for.
func (a *alerts) write(kept string) error {
	if a.format == "json" {
		for i, e := range a.Waiting {
			a.Waiting[i].State, a.Waiting[i].Alert = outbox.State(state(e)), e.Alert.Stored()
		}
		return a.world.json(a)
	}
	if len(a.Sent)+len(a.Waiting) == 0 {
		fmt.Fprintf(a.world.err, "no alerts sent since %s, and none waiting in %s\n", a.since.UTC().Format(timeLayout), kept)
	}
	return a.table().Write(a.world.out)
}

// damaged returns an error when alerts could not be read.
func (a *alerts) damaged() error {
	n := 0
	for _, e := range a.Waiting {
		if e.State == outbox.Damaged {
			n++
		}
	}
	for _, r := range a.Sent {
		if r.Damaged != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return incomplete(fmt.Errorf("%d alert%s damaged and could not be read: posture changes shows what was to be said", n, plural(n)))
}

// table shows what waits first.
func (a *alerts) table() *report.Table {
	table := report.NewTable("time", "state", "channel", "change", "severity", "count", "target", "what", "because")
	for _, e := range a.Waiting {
		if e.State == outbox.Damaged {
			table.Add(e.Created.UTC().Format(timeLayout), state(e), "", "", "", "", "", e.Key, e.LastError)
			continue
		}
		cells := append([]string{e.Created.UTC().Format(timeLayout), state(e), e.To()}, messageCells(e.Alert, e.Members)...)
		table.Add(append(cells, because(e))...)
	}
	for _, r := range a.Sent {
		if r.Damaged != "" {
			table.Add(r.Time.UTC().Format(timeLayout), "sent", "", "", "", "", "", r.Key, "its record is damaged: "+r.Damaged)
			continue
		}
		cells := append([]string{r.Time.UTC().Format(timeLayout), "sent", cmp.Or(r.Receipt.Channel, r.Route)}, messageCells(r.Alert, r.Members)...)
		table.Add(append(cells, how(r))...)
	}
	return table
}

// messageCells describes an alert, or a digest of several.
func messageCells(alert drift.Alert, members []outbox.Member) []string {
	if len(members) > 0 {
		return []string{"digest", "", fmt.Sprint(len(members)), "", fmt.Sprintf("%d alerts in one message", len(members))}
	}
	return alertCells(alert)
}

// state returns the state of an entry in the word that people read.
func state(e outbox.Entry) string {
	if e.State == outbox.Held {
		return "held"
	}
	return string(e.State)
}

// because says why an entry was not sent yet.
func because(e outbox.Entry) string {
	text := e.LastError
	if !e.NotBefore.IsZero() {
		text += ", next try after " + e.NotBefore.UTC().Format(timeLayout)
	}
	if e.Attempts > 0 {
		text += fmt.Sprintf(", tried %d time%s", e.Attempts, plural(e.Attempts))
	}
	return cmp.Or(text, "not tried yet")
}

// how says what was unusual about a message that was sent.
func how(r outbox.Record) string {
	switch {
	case r.Repeated:
		return "marked as a possible repeat"
	case r.Digest != "":
		return "in a digest"
	case r.Plain:
		return "as plain text"
	case r.Found:
		return "found in the channel afterwards"
	default:
		return ""
	}
}

func newAlertsRetry(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "retry",
		Short: "Release held alerts, after you have fixed why Slack refused them",
		Args:  noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, _, err := c.stored(cmd.Context())
			if err != nil {
				return err
			}
			freed, err := outbox.New(kept, world.now, outbox.Sleep).Retry(cmd.Context())
			if err != nil {
				return incomplete(err)
			}
			fmt.Fprintf(world.out, "%d alert%s released: the next run sends them, or posture alerts deliver\n", freed, plural(freed))
			return nil
		},
	}
	c.addStore(cmd)
	return cmd
}

func newAlertsDeliver(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Send waiting alerts to Slack now",
		Long: `Send the alerts that are waiting, and not to be tried later, to Slack. Slack's
secret is read from the environment: ` + tokenVariable + ` (a bot token) or
` + webhookVariable + ` (the URL of an incoming webhook).

Exit codes: 0 everything is sent, 2 wrong usage or no secret, 3 some alerts are
still waiting.`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.deliver(cmd.Context()) },
	}
	c.addStore(cmd)
	return cmd
}

func (c *common) deliver(ctx context.Context) error {
	kept, cfg, err := c.stored(ctx)
	if err != nil {
		return err
	}
	if c.secret() == "" {
		return fmt.Errorf("no Slack secret: set %s or %s", tokenVariable, webhookVariable)
	}
	sender, _, err := c.sender(ctx, cfg, kept)
	if err != nil {
		return err
	}
	done, err := outbox.New(kept, c.world.now, outbox.Sleep).Deliver(ctx, sender)
	fmt.Fprint(c.world.out, cmp.Or(delivered(done), "no alerts are waiting\n"))
	switch {
	case err != nil:
		return incomplete(err)
	case done.Waiting+done.Held+done.Damaged > 0:
		return &exitError{code: exitIncomplete}
	default:
		return nil
	}
}
