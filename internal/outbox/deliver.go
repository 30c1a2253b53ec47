package outbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"posture/internal/store"
)

// The times of a delivery.
const (
	pace       = time.Second      // between two calls for one channel
	reserve    = 20 * time.Second // left of the context's time for the last post and its record
	lease      = 5 * time.Minute  // of a claim
	saveTime   = 10 * time.Second // to record a message that was accepted, whatever the context says
	holdTime   = time.Hour        // until a held message is tried again
	lookApart  = 30 * time.Second // between two looks for a message that may have been posted
	lookMargin = time.Minute      // how much before the post a look begins: clocks differ
	backoffMax = 15 * time.Minute
)

const (
	looks      = 2 // in vain, before a message is posted again
	maxTrouble = 3 // failures in a row after which a delivery gives up for now
	maxPosts   = 5 // of one message under one claim: as it is, plain, without its thread, and to the fallback
)

// delivery is one call of Deliver.
type delivery struct {
	box     *Box
	sender  Sender
	owner   string
	items   []*item
	keys    map[string]*item
	broken  map[string]bool      // damaged objects by their own keys
	digests map[string]*item     // live digests by the keys of their members
	groups  map[[2]string]*item  // by channel and group of the alert
	next    map[string]time.Time // when a channel takes the next call
	behind  map[string]bool      // channels with a digest: their other old messages are for the next one
	halted  map[string]bool      // channels that asked to wait
	refused map[string]string    // channels that take no message, with the code
	trouble int                  // failures in a row
	stopped bool
	report  Report
}

// item is an entry of the queue during one delivery.
type item struct {
	Entry
	version string
	gone    bool // told, or claimed by another sender
}

// Deliver posts what is ready, the oldest first and at most one message a second
// for each channel, and stops in time before the context's deadline. What it
// does not reach, and what Slack puts off, waits in the queue for the next
// call. The error is one of the store; a refusal by Slack is in the report.
func (b *Box) Deliver(ctx context.Context, sender Sender) (Report, error) {
	d := &delivery{
		box: b, sender: sender, owner: rand.Text(),
		keys: map[string]*item{}, broken: map[string]bool{}, digests: map[string]*item{}, groups: map[[2]string]*item{},
		next: map[string]time.Time{}, behind: map[string]bool{}, halted: map[string]bool{}, refused: map[string]string{},
	}
	err := d.load(ctx)
	if err == nil {
		err = d.collapse(ctx)
	}
	if err == nil {
		err = d.run(ctx)
	}
	return d.summary(), err
}

// load reads the queue.
func (d *delivery) load(ctx context.Context) error {
	items, broken, err := d.box.load(ctx)
	if err != nil {
		return err
	}
	d.report.Damaged = len(broken)
	for _, e := range broken {
		d.broken[e.Key] = true
		d.report.alarm(Alarm{Kind: Malformed, Code: e.LastError, Key: e.Key})
	}
	for i := range items {
		d.add(&items[i])
	}
	return nil
}

// add makes an entry part of the delivery. What Slack said of a channel in an
// earlier delivery still holds.
func (d *delivery) add(it *item) {
	d.items = append(d.items, it)
	d.keys[it.Key] = it
	for _, m := range it.Members {
		d.digests[m.Key] = it
	}
	if len(it.Members) == 0 {
		d.groups[[2]string{it.Channel, it.Alert.Group}] = it
	}
	if it.LastError == rateLimited && it.NotBefore.After(d.box.now()) {
		d.halted[it.To()] = true
	}
}

// run delivers entry by entry.
func (d *delivery) run(ctx context.Context) error {
	for _, it := range d.order() {
		if d.stopped || !d.room(ctx) {
			return nil
		}
		if !d.ready(it) {
			continue
		}
		if err := d.deliver(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

// order returns the entries so that each channel's are the oldest first and
// the channels take turns, which lets one channel's pace run while the others
// are served.
func (d *delivery) order() []*item {
	slices.SortFunc(d.items, func(a, b *item) int { return compareEntries(a.Entry, b.Entry) })
	turn, seen := map[*item]int{}, map[string]int{}
	for _, it := range d.items {
		turn[it] = seen[it.Channel]
		seen[it.Channel]++
	}
	ordered := slices.Clone(d.items)
	slices.SortStableFunc(ordered, func(a, b *item) int { return cmp.Compare(turn[a], turn[b]) })
	return ordered
}

// room reports whether the context leaves time for one more message.
func (d *delivery) room(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || deadline.Sub(d.box.now()) > reserve)
}

// ready reports whether an entry is to be tried now.
func (d *delivery) ready(it *item) bool {
	if it.gone || d.halted[it.To()] || !ready(it.Entry, d.box.now()) || d.folded(it) || d.waits(it) {
		return false
	}
	return !d.behind[it.Channel] || !d.collapsible(it)
}

// ready reports whether an entry's time has come and nobody holds it.
func ready(e Entry, now time.Time) bool {
	switch e.State {
	case Pending, Held:
		return !now.Before(e.NotBefore)
	case Sending:
		return !now.Before(e.LeaseUntil)
	}
	return false
}

// folded reports whether a digest that was not sent yet will tell the entry.
func (d *delivery) folded(it *item) bool {
	digest := d.digests[it.Key]
	return digest != nil && !digest.gone
}

// waits reports whether an earlier message, to which this one is an answer,
// has to go first.
func (d *delivery) waits(it *item) bool {
	for _, group := range it.Alert.Thread {
		parent := d.groups[[2]string{it.Channel, group}]
		if parent != nil && parent != it && !parent.gone && parent.State != Held && parent.Created.Before(it.Created) {
			return true
		}
	}
	return false
}

// pace waits until the channel takes the next call.
func (d *delivery) pace(ctx context.Context, channel string) error {
	if wait := d.next[channel].Sub(d.box.now()); wait > 0 {
		if err := d.box.sleep(ctx, wait); err != nil {
			return err
		}
	}
	d.next[channel] = d.box.now().Add(pace)
	return nil
}

// claim makes an entry this sender's for a while. It returns false when
// another was faster.
func (d *delivery) claim(ctx context.Context, it *item) (bool, error) {
	e := it.Entry
	if e.State == Sending { // its sender went away, perhaps after posting
		e.doubt()
	}
	e.State, e.Owner = Sending, d.owner
	e.Attempts++
	return d.save(ctx, it, e)
}

// doubt notes that the last try may have posted the message.
func (e *Entry) doubt() {
	if e.Unsure.IsZero() {
		e.Unsure = e.Claimed
	}
	e.Looks = 0
}

// save replaces an entry. While it is being sent, the claim is renewed. It
// returns false when somebody else has it now.
func (d *delivery) save(ctx context.Context, it *item, e Entry) (bool, error) {
	if e.State == Sending {
		e.Claimed, e.LeaseUntil = d.box.now(), d.box.now().Add(lease)
	} else {
		e.Owner, e.Claimed, e.LeaseUntil = "", time.Time{}, time.Time{}
	}
	version, err := d.box.replace(ctx, e, it.version)
	if errors.Is(err, store.ErrConflict) {
		it.gone = true
		d.report.Elsewhere++
		return false, nil
	}
	if err != nil {
		return false, err
	}
	it.Entry, it.version = e, version
	return true, nil
}
