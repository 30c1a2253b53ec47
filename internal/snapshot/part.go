package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// PartHead says whose part a writer writes.
type PartHead struct {
	Run     posture.RunID
	Target  posture.Target
	Attempt string // differs between any two tries at the same target
	Tool    string
	Started time.Time
}

// PartEnd is what is known of a target once it is scanned.
type PartEnd struct {
	Regions  []string // that were read; empty: those of the part's head
	Report   posture.ScanReport
	Failure  *posture.Cause // the target as a whole could not be scanned
	Finished time.Time
}

// PartWriter takes the findings and resources of one target in any order and
// from any number of goroutines, holds them compressed, and stores them
// sorted.
type PartWriter struct {
	head      PartHead
	mu        sync.Mutex
	done      bool // Commit was called
	findings  *Sorter
	resources *Sorter
	out       *lineWriter // writes one file after the other; nil before the first
}

// errDone says that a writer is used after its part was stored.
var errDone = errors.New("the part is committed already")

// NewPartWriter returns a writer that has stored nothing yet.
func NewPartWriter(head PartHead) (*PartWriter, error) {
	if err := checkID(head.Run); err != nil {
		return nil, err
	}
	if err := checkTarget(head.Target); err != nil {
		return nil, err
	}
	if !attemptForm.MatchString(head.Attempt) {
		return nil, fmt.Errorf("attempt %.80q is not a word of letters, digits, hyphens and underscores", head.Attempt)
	}
	return &PartWriter{head: head, findings: &Sorter{}, resources: &Sorter{}}, nil
}

// ranks orders findings of one fingerprint, the most severe first.
var ranks = map[posture.Status]string{posture.Fail: "0", posture.Unknown: "1", posture.Pass: "2"}

// Finding adds findings. Of several with one fingerprint the most severe is
// kept. One that no reader would take is refused, with ErrLineTooLong if that
// is why.
func (w *PartWriter) Finding(findings ...posture.Finding) error {
	for _, finding := range findings {
		rank, ok := ranks[finding.Status]
		if !ok || finding.Fingerprint == "" || strings.Contains(finding.Fingerprint, "/") {
			return fmt.Errorf("store finding of %s on %.200q: no fingerprint or no status", finding.Rule, finding.Resource)
		}
		line, err := encodeLine(finding)
		if err != nil {
			return fmt.Errorf("store finding of %s on %.200q: %w", finding.Rule, finding.Resource, err)
		}
		if err := w.add(w.findings, finding.Fingerprint+"/"+rank, line); err != nil {
			return fmt.Errorf("store finding of %s: %w", finding.Rule, err)
		}
	}
	return nil
}

// Resource adds a resource with its document. One that no reader would take
// is refused, with ErrLineTooLong if that is why.
func (w *PartWriter) Resource(resource posture.Resource) error {
	line, err := encodeLine(resource)
	if err == nil {
		err = w.add(w.resources, resourceKey(resource), line)
	}
	if err != nil {
		return fmt.Errorf("store resource %.200q: %w", resource.ID, err)
	}
	return nil
}

// resourceKey is what resources are sorted by. It is the same for a resource
// and for what JSON makes of it: bytes that are no text are replaced.
func resourceKey(r posture.Resource) string {
	return string([]rune(r.Type + "\x00" + r.Region + "\x00" + r.ID))
}

func (w *PartWriter) add(to *Sorter, key string, line []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return errDone
	}
	return to.Add(key, line)
}

// Commit stores what was added and then part.json, unless another attempt
// stored its part first: then it returns that part and won is false. It is
// called once, after the last addition. The same attempt may be made again
// with the same input, by a process that takes over a dead one's work.
func (w *PartWriter) Commit(ctx context.Context, s store.Store, end PartEnd) (part Part, won bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	part, won, err = w.commit(ctx, s, end)
	if err != nil {
		return Part{}, false, fmt.Errorf("store part of %s in run %s: %w", w.head.Target, w.head.Run, err)
	}
	return part, won, nil
}

func (w *PartWriter) commit(ctx context.Context, s store.Store, end PartEnd) (Part, bool, error) {
	if w.done {
		return Part{}, false, errDone
	}
	w.done = true
	part := Part{
		Run: w.head.Run, Target: w.head.Target, Attempt: w.head.Attempt, Tool: w.head.Tool,
		Started: w.head.Started.UTC(), Finished: end.Finished.UTC(), Report: end.Report, Failure: end.Failure,
		Counts: map[posture.Status]int{},
	}
	if len(end.Regions) > 0 {
		part.Target.Regions = end.Regions
	}
	err := w.resources.shrink()
	if err == nil {
		err = w.putFindings(ctx, s, &part)
	}
	if err != nil {
		return Part{}, false, err
	}
	if part.Resources, err = w.put(ctx, s, "resources", w.mergeResources); err != nil {
		return Part{}, false, err
	}
	return claimPart(ctx, s, part)
}

// claimPart puts part.json and finds out whose it is.
func claimPart(ctx context.Context, s store.Store, part Part) (Part, bool, error) {
	key := partKey(part.Run, part.Target)
	body, err := json.Marshal(part)
	if err != nil {
		return Part{}, false, err
	}
	if _, err = s.PutIfAbsent(ctx, key, body); err == nil {
		part.File = fileOf(key, body)
		return part, true, nil
	}
	if !errors.Is(err, store.ErrExists) {
		return Part{}, false, err
	}
	winner, err := LoadPart(ctx, s, part.Run, part.Target)
	return winner, err == nil && winner.Attempt == part.Attempt && winner.Findings == part.Findings, err
}

// putFindings stores the findings and counts them.
func (w *PartWriter) putFindings(ctx context.Context, s store.Store, part *Part) error {
	var err error
	part.Findings, err = w.put(ctx, s, "findings", func(out *lineWriter) error {
		return w.mergeFindings(out, part)
	})
	return err
}

// next returns the writer of the next file.
func (w *PartWriter) next() (*lineWriter, error) {
	if w.out != nil {
		w.out.reset()
		return w.out, nil
	}
	var err error
	w.out, err = newLineWriter()
	return w.out, err
}

// put stores one file of lines that merge writes.
func (w *PartWriter) put(ctx context.Context, s store.Store, name string, merge func(*lineWriter) error) (File, error) {
	out, err := w.next()
	if err != nil {
		return File{}, err
	}
	if err := merge(out); err != nil {
		return File{}, err
	}
	file, body, err := out.close()
	if err != nil {
		return File{}, err
	}
	file.Key = partPrefix(w.head.Run, w.head.Target) + name + "." + w.head.Attempt + ".ndjson.zst"
	err = putOnce(ctx, s, file.Key, body)
	return file, err
}

// mergeFindings writes one line per fingerprint.
func (w *PartWriter) mergeFindings(out *lineWriter, part *Part) error {
	var last SortedLine
	for next, err := range w.findings.All() {
		if err != nil {
			return err
		}
		fingerprint, rank, _ := strings.Cut(next.Key, "/")
		if known, _, _ := strings.Cut(last.Key, "/"); known == fingerprint {
			if string(next.Line) != string(last.Line) {
				part.Duplicates++
			}
			continue
		}
		for status, of := range ranks {
			if of == rank {
				part.Counts[status]++
			}
		}
		if err := out.write(next.Line); err != nil {
			return err
		}
		last = SortedLine{Key: next.Key, Line: append(last.Line[:0], next.Line...)}
	}
	return nil
}

// mergeResources writes one line per resource.
func (w *PartWriter) mergeResources(out *lineWriter) error {
	last := ""
	for next, err := range w.resources.All() {
		if err != nil {
			return err
		}
		if next.Key == last {
			continue
		}
		last = next.Key
		if err := out.write(next.Line); err != nil {
			return err
		}
	}
	return nil
}

// LoadPart reads the part of a target, or returns store.ErrNotFound.
func LoadPart(ctx context.Context, s store.Store, run posture.RunID, target posture.Target) (Part, error) {
	if err := checkID(run); err != nil {
		return Part{}, err
	}
	key := partKey(run, target)
	part, file, err := readJSON[Part](ctx, s, key)
	if err != nil {
		return Part{}, err
	}
	prefix := partPrefix(run, target)
	whole := part.Run == run && part.Target.String() == target.String() &&
		strings.HasPrefix(part.Findings.Key, prefix) && strings.HasPrefix(part.Resources.Key, prefix)
	if !whole {
		return Part{}, fmt.Errorf("%s: %w: it is not the part of %s in run %s", key, ErrCorrupt, target, run)
	}
	part.File = file
	return part, nil
}
