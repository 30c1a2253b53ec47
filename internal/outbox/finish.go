package outbox

import (
	"context"
	"slices"
)

// record notes that a message was told and finishes it. A message that Slack
// accepted is recorded even when the context has ended meanwhile.
func (d *delivery) record(ctx context.Context, it *item, receipt Receipt, found bool) error {
	r := Record{
		Key: it.Key, Route: it.Channel, Receipt: receipt, Time: d.box.now(), Alert: it.Alert,
		Members: it.Members, Repeated: it.Repeated && !found, Plain: it.Plain, Found: found,
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := d.box.create(saving, recordKey(it.Key), r); err != nil {
		return err
	}
	d.report.Messages++
	if r.Repeated {
		d.report.Repeated++
	}
	return d.finish(ctx, it, r)
}

// finish does what follows from a record, which may all be done twice, and
// takes the entry out of the queue.
func (d *delivery) finish(ctx context.Context, it *item, r Record) error {
	if err := d.finishMembers(ctx, it, r); err != nil {
		return err
	}
	if len(it.Members) == 0 {
		d.report.Notified++
		if err := d.box.link(ctx, r, false); err != nil {
			return err
		}
	}
	if err := d.settle(ctx, it); err != nil {
		return err
	}
	it.gone = true
	return d.box.store.Delete(ctx, entryKey(it.Key))
}

// link makes a message findable for later alerts, if it can be answered.
func (b *Box) link(ctx context.Context, r Record, digest bool) error {
	if r.Receipt.TS == "" || r.Alert.Group == "" {
		return nil
	}
	return b.create(ctx, threadKey(r.Route, r.Alert.Group), link{Key: r.Key, Receipt: r.Receipt, Digest: digest})
}

// maxParents bounds how many earlier messages are looked for.
const maxParents = 5

// parent returns the earlier message that an entry answers: of those that it may
// be, the likeliest that was told. Nil: there is none.
func (b *Box) parent(ctx context.Context, e Entry) (*link, error) {
	for _, group := range e.Alert.Thread[:min(len(e.Alert.Thread), maxParents)] {
		var l link
		_, err := b.read(ctx, threadKey(e.Channel, group), &l)
		if unreadable(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &l, nil
	}
	return nil, nil
}

// settle shows in the earlier message what this one says has ended. That is
// a courtesy: the thread has said it already, so a refusal changes nothing.
func (d *delivery) settle(ctx context.Context, it *item) error {
	if !it.Alert.Kind.Ends() {
		return nil
	}
	parent, err := d.box.parent(ctx, it.Entry)
	if err != nil || parent == nil || parent.Digest {
		return err
	}
	return d.amend(ctx, it, *parent)
}

// amend shows in one earlier message all that was settled of it so far.
func (d *delivery) amend(ctx context.Context, it *item, parent link) error {
	s := Settlement{Kind: it.Alert.End(), Reason: it.Alert.Reason, Time: it.Alert.Time, Total: it.Alert.Total}
	for _, resource := range it.Alert.Resources {
		s.Fingerprints = append(s.Fingerprints, resource.Fingerprint)
	}
	if err := d.box.create(ctx, settledPrefix(parent.Key)+it.Key+".json", s); err != nil {
		return err
	}
	record, err := d.box.told(ctx, parent.Key)
	if err != nil || record == nil || record.Damaged != "" {
		return err
	}
	settled, err := d.box.settled(ctx, parent.Key)
	if err != nil || d.halted[it.To()] || !d.room(ctx) {
		return err
	}
	if d.pace(ctx, it.To()) != nil {
		return nil //nolint:nilerr // time is up; the amendment is made with the next answer
	}
	if err := d.sender.Amend(ctx, parent.Receipt, record.Alert, settled); err != nil {
		d.halted[it.To()] = d.halted[it.To()] || refusal(err).Kind == RateLimited
	}
	return nil
}

// settled returns what has ended of a message's findings.
func (b *Box) settled(ctx context.Context, key string) ([]Settlement, error) {
	var settled []Settlement
	for object, err := range b.store.List(ctx, settledPrefix(key)) {
		if err != nil {
			return nil, err
		}
		var s Settlement
		_, err := b.read(ctx, object.Key, &s)
		if unreadable(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		settled = append(settled, s)
	}
	slices.SortStableFunc(settled, func(a, b Settlement) int { return a.Time.Compare(b.Time) })
	return settled, nil
}
