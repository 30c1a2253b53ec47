package outbox

import (
	"context"
	"errors"
	"time"
)

// deliver brings one entry as far as it goes now. Under a claim it first asks
// whether the message was told already, then, if a try was in doubt, looks for
// it, and then posts.
func (d *delivery) deliver(ctx context.Context, it *item) error {
	if ok, err := d.claim(ctx, it); !ok {
		return err
	}
	record, err := d.box.told(ctx, it.Key)
	if err != nil {
		return err
	}
	if record != nil {
		if record.Damaged != "" {
			d.report.alarm(Alarm{Kind: Malformed, Code: record.Damaged, Key: recordKey(it.Key)})
		}
		return d.finish(ctx, it, *record)
	}
	if !it.Unsure.IsZero() && it.Looks < looks {
		if again, err := d.look(ctx, it); !again {
			return err
		}
	}
	if ok, err := d.gather(ctx, it); !ok {
		return err
	}
	return d.post(ctx, it)
}

// look searches the channel for a message that may have been posted. It
// returns true when the message is to be posted again.
func (d *delivery) look(ctx context.Context, it *item) (again bool, err error) {
	m, err := d.message(ctx, it)
	if err != nil {
		return false, err
	}
	if err := d.pace(ctx, it.To()); err != nil {
		return false, err
	}
	receipt, found, err := d.sender.Find(ctx, m, it.Unsure.Add(-lookMargin))
	e := it.Entry
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		d.report.Blind = true
		e.Looks, e.Repeated = looks, true
		return d.save(ctx, it, e)
	case err != nil:
		return false, d.putOff(ctx, it, refusal(err))
	case found:
		return false, d.record(ctx, it, receipt, true)
	}
	if e.Looks++; e.Looks < looks {
		e.State, e.NotBefore = Pending, d.box.now().Add(lookApart)
		_, err := d.save(ctx, it, e)
		return false, err
	}
	e.Repeated = true
	return d.save(ctx, it, e)
}

// putOff handles a refused look: whether the message was posted stays open.
func (d *delivery) putOff(ctx context.Context, it *item, r *Refusal) error {
	if r.Kind == Credential || r.Kind == RateLimited {
		_, err := d.refuse(ctx, it, r)
		return err
	}
	d.trouble++
	e := it.Entry
	e.State, e.LastError, e.NotBefore = Pending, r.Code, d.box.now().Add(backoff(e.Attempts))
	d.stopped = d.stopped || d.trouble >= maxTrouble
	_, err := d.save(ctx, it, e)
	return err
}

// post sends a claimed entry, in another form or to the fallback where Slack's
// answer asks for it.
func (d *delivery) post(ctx context.Context, it *item) error {
	for range maxPosts {
		if d.halted[it.To()] || !d.room(ctx) {
			return d.release(ctx, it)
		}
		m, err := d.message(ctx, it)
		if err != nil {
			return err
		}
		receipt, err := d.try(ctx, it, m)
		if err == nil {
			d.trouble = 0
			return d.record(ctx, it, receipt, false)
		}
		if again, err := d.refuse(ctx, it, refusal(err)); !again {
			return err
		}
	}
	return d.release(ctx, it)
}

// release gives a claimed entry back; it was not posted under this claim.
func (d *delivery) release(ctx context.Context, it *item) error {
	e := it.Entry
	e.State = Pending
	_, err := d.save(ctx, it, e)
	return err
}

// try posts once, unless the channel is known to refuse everything. The claim
// outlasts the post.
func (d *delivery) try(ctx context.Context, it *item, m Message) (Receipt, error) {
	if code, ok := d.refused[it.To()]; ok {
		return Receipt{}, &Refusal{Kind: Channel, Code: code}
	}
	if err := d.pace(ctx, it.To()); err != nil {
		return Receipt{}, &Refusal{Kind: Transient, Code: "cancelled"}
	}
	ctx, cancel := context.WithTimeout(ctx, max(it.LeaseUntil.Sub(d.box.now()), 0))
	defer cancel()
	return d.sender.Send(ctx, m)
}

// message returns what is to be posted for an entry.
func (d *delivery) message(ctx context.Context, it *item) (Message, error) {
	m := Message{
		Key: it.Key, Channel: it.To(), Alert: it.Alert, Members: it.Members, Mentions: it.Mentions,
		Plain: it.Plain, Repeated: it.Repeated,
	}
	if it.Unthreaded || it.Via != "" {
		return m, nil
	}
	parent, err := d.box.parent(ctx, it.Entry)
	if err != nil {
		return Message{}, err
	}
	if parent != nil {
		m.Channel, m.Thread = parent.Receipt.Channel, parent.Receipt.TS
	}
	return m, nil
}

// refusal returns the refusal that an error of a sender is.
func refusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return &Refusal{Kind: Ambiguous, Code: "unclassified"}
}

// rateLimited is the code of every entry that waits because Slack asked to.
const rateLimited = "ratelimited"

// refuse notes a refusal in the entry. It returns true when the message is to
// be posted again at once, in another form or place.
func (d *delivery) refuse(ctx context.Context, it *item, r *Refusal) (again bool, err error) {
	e := it.Entry
	e.LastError = r.Code
	switch r.Kind {
	case RateLimited:
		e.LastError = rateLimited
		e.wait(d.box.now().Add(r.RetryAfter))
		d.halted[it.To()] = true
	case Transient:
		e.wait(d.box.now().Add(backoff(e.Attempts)))
		d.trouble++
	case Channel:
		d.refused[it.To()] = r.Code
		d.report.alarm(Alarm{Kind: Channel, Channel: it.To(), Code: r.Code})
		e.divert(d.box.now())
	case Credential:
		return false, d.parkAll(ctx, r.Code)
	case Form:
		e.simplify(&e.Plain, d.box.now())
	case Thread:
		e.simplify(&e.Unthreaded, d.box.now())
	default:
		e.doubt()
		e.wait(d.box.now().Add(backoff(e.Attempts)))
		d.trouble++
	}
	if e.State == Held && r.Kind != Channel {
		d.report.alarm(Alarm{Kind: r.Kind, Channel: it.To(), Code: r.Code, Key: e.Key})
	}
	d.stopped = d.stopped || d.trouble >= maxTrouble
	ok, err := d.save(ctx, it, e)
	return ok && e.State == Sending, err
}

// wait puts an entry back until a time.
func (e *Entry) wait(until time.Time) { e.State, e.NotBefore = Pending, until }

// hold puts an entry aside until a person has fixed what is wrong. It is
// then tried from the start.
func (e *Entry) hold(now time.Time) {
	e.State, e.NotBefore, e.Via = Held, now.Add(holdTime), ""
}

// divert sends an entry to its fallback, or parks it where there is none or
// that has refused it too.
func (e *Entry) divert(now time.Time) {
	if e.Via != "" || e.Fallback == "" {
		e.hold(now)
		return
	}
	e.Via = e.Fallback
}

// simplify sets the flag for another form, or parks an entry that has it.
func (e *Entry) simplify(flag *bool, now time.Time) {
	if *flag {
		e.hold(now)
		return
	}
	*flag = true
}

// parkAll parks everything that waits, because the secret is refused, and
// ends the delivery.
func (d *delivery) parkAll(ctx context.Context, code string) error {
	d.stopped = true
	d.report.alarm(Alarm{Kind: Credential, Code: code})
	for _, it := range d.items {
		mine := it.State == Sending && it.Owner == d.owner
		if it.gone || !mine && (it.State != Pending && it.State != Held) || d.folded(it) {
			continue
		}
		e := it.Entry
		e.LastError = code
		e.hold(d.box.now())
		if _, err := d.save(ctx, it, e); err != nil {
			return err
		}
	}
	return nil
}

// backoff returns how long to wait after a number of tries.
func backoff(attempts int) time.Duration {
	return min(lookApart<<min(max(attempts-1, 0), 5), backoffMax)
}
