package weekly

import (
	"encoding/json"
	"fmt"
	"iter"

	"posture/internal/drift"
	"posture/internal/snapshot"
)

// batch is how many stages are compared at a time. Each has a file open.
const batch = 28

// aside is the week's changes that earlier batches found, in the order of their
// findings, in little memory.
type aside struct {
	sorter snapshot.Sorter
	n      int
	next   func() (drift.Change, error, bool)
	head   drift.Change
	more   bool // there is a head
}

// add takes one change after those of the same finding.
func (a *aside) add(change drift.Change) error {
	a.n++
	return put(&a.sorter, fmt.Sprintf("%s %08d", change.Resource.Fingerprint, a.n), change)
}

// begin goes to the first change. The function that it returns ends the reading.
func (a *aside) begin() (stop func(), err error) {
	a.next, stop = iter.Pull2(taken[drift.Change](&a.sorter))
	return stop, a.advance()
}

func (a *aside) advance() (err error) {
	a.head, err, a.more = a.next()
	return err
}

// put adds a value to a sorter.
func put(s *snapshot.Sorter, key string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("put aside %s: %w", key, err)
	}
	return s.Add(key, line)
}

// taken yields what was put into a sorter, and forgets it.
func taken[T any](s *snapshot.Sorter) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for sorted, err := range s.All() {
			var value T
			if err == nil {
				err = json.Unmarshal(sorted.Line, &value)
			}
			if !yield(value, err) || err != nil {
				return
			}
		}
	}
}

// finish compares a batch to its end, so that its files are closed before the
// next one opens its own, and returns what it leaves.
func (tl *timeline) finish(left iter.Seq2[drift.Notified, error]) (iter.Seq2[drift.Notified, error], error) {
	var lines snapshot.Sorter
	for line, err := range left {
		if err == nil {
			err = tl.putAside(&line)
		}
		if err == nil {
			err = put(&lines, line.Fingerprint, line)
		}
		if err != nil {
			return nil, err
		}
	}
	return taken[drift.Notified](&lines), tl.putAside(nil)
}

// putAside puts aside the changes of the findings up to a line, or all of them.
func (tl *timeline) putAside(line *drift.Notified) error {
	for _, fingerprint := range tl.upTo(line) {
		for _, change := range tl.pending[fingerprint] {
			if err := tl.aside.add(change); err != nil {
				return err
			}
		}
		delete(tl.pending, fingerprint)
	}
	return nil
}

// recall takes back the changes put aside of the findings up to a line, or all of
// them, before those of the last batch.
func (tl *timeline) recall(line *drift.Notified) error {
	earlier := map[string][]drift.Change{}
	for tl.aside.more && (line == nil || tl.aside.head.Resource.Fingerprint <= line.Fingerprint) {
		of := tl.aside.head.Resource.Fingerprint
		earlier[of] = append(earlier[of], tl.aside.head)
		if err := tl.aside.advance(); err != nil {
			return err
		}
	}
	for of, changes := range earlier {
		tl.pending[of] = append(changes, tl.pending[of]...)
	}
	return nil
}
