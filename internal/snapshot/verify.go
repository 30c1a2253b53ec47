package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"posture/internal/posture"
	"posture/internal/store"
)

// ProblemKind says in one word what is wrong with a store.
type ProblemKind string

// The kinds of problems, a closed set.
const (
	Edited    ProblemKind = "edited"    // an object is not what was stored
	Removed   ProblemKind = "removed"   // an object is gone
	Gap       ProblemKind = "gap"       // the chain lacks a link
	Reordered ProblemKind = "reordered" // a link is not in its own place, or does not follow the one before it
	Repeated  ProblemKind = "repeated"  // a run or a sequence number is used twice
	Unchained ProblemKind = "unchained" // a run has a manifest that the chain does not hold
	Behind    ProblemKind = "behind"    // state/latest.json was moved back
	Rewritten ProblemKind = "rewritten" // the chain is another than that whose end was noted
)

// Problem is one thing that shows that a store was changed.
type Problem struct {
	Kind ProblemKind   `json:"kind"`
	Run  posture.RunID `json:"run"` // empty only where no run can be told
	Key  string        `json:"key"`
	What string        `json:"what"`
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: run %s: %s: %s", p.Kind, cmp.Or(p.Run, "unknown"), p.Key, p.What)
}

// Report is what Verify found.
type Report struct {
	Runs        int             `json:"runs"`                  // in the chain
	Files       int             `json:"files"`                 // that were compared with their digests
	First       posture.RunID   `json:"first,omitempty"`       // the first run of the chain
	Last        posture.RunID   `json:"last,omitempty"`        // its last run
	Head        Link            `json:"head"`                  // the chain's end, to be compared with a note of it kept elsewhere
	Problems    []Problem       `json:"problems,omitempty"`    // none: the store is as it was written
	Unfinished  []posture.RunID `json:"unfinished,omitempty"`  // runs that were opened and not closed
	Interrupted posture.RunID   `json:"interrupted,omitempty"` // the last run of the chain, if its closer died before it was done
}

// Verify reads everything that closed runs stored and reports each edit,
// removal, gap and change of order. Runs that are not finished, and a closer
// that died on its last steps, are reported but are no problems. An error
// means that the store could not be read, and says nothing of what it holds.
//
// Who may write everything can also forge everything: Head, noted where that
// writer has no access, is what proves the whole chain before it. Such notes of
// earlier ends are compared with the chain; one without a sequence number may be
// any link.
func Verify(ctx context.Context, s store.Store, noted ...Link) (Report, error) {
	v := verifier{store: s, noted: noted, runs: map[posture.RunID]int{}}
	for _, step := range []func(context.Context) error{v.readChain, v.checkNoted, v.checkLinks, v.checkRuns, v.checkLatest} {
		if err := step(ctx); err != nil {
			return Report{}, fmt.Errorf("verify: %w", err)
		}
	}
	slices.SortFunc(v.report.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What))
	})
	return v.report, nil
}

// verifier is one pass over a store.
type verifier struct {
	store  store.Store
	noted  []Link                // ends of the chain that were noted elsewhere
	before Latest                // state/latest.json before the chain was read
	chain  []chained             // in the order of the sequence numbers
	runs   map[posture.RunID]int // sequence number by run
	report Report
}

// chained is what the checks need of a link.
type chained struct {
	Link
	run         posture.RunID // empty when the link cannot be read
	previous    string
	previousRun posture.RunID
	claims      int // the sequence number that the manifest itself holds
}

func (v *verifier) add(problems ...Problem) {
	v.report.Problems = append(v.report.Problems, problems...)
}

// readChain reads all links, without their lists of files.
func (v *verifier) readChain(ctx context.Context) error {
	var err error
	if v.before, err = v.latest(ctx); err != nil {
		return err
	}
	for listed, err := range v.store.List(ctx, chainPrefix) {
		if err != nil {
			return err
		}
		sequence, ok := chainSequence(listed.Key)
		if !ok {
			continue
		}
		at, err := readChained(ctx, v.store, sequence)
		if err != nil {
			return err
		}
		v.chain = append(v.chain, at)
		v.report.Head = at.Link
	}
	if v.report.Runs = len(v.chain); v.report.Runs > 0 {
		v.report.First, v.report.Last = v.chain[0].run, v.chain[len(v.chain)-1].run
	}
	return nil
}

// readChained reads a link, which may be one that makes no sense.
func readChained(ctx context.Context, s store.Store, sequence int) (chained, error) {
	at, err := loadLink(ctx, s, sequence)
	if errors.Is(err, ErrCorrupt) {
		return chained{Link: at.Link}, nil
	}
	m := at.manifest
	return chained{Link: at.Link, run: m.Run, previous: m.Previous, previousRun: m.PreviousRun, claims: m.Sequence}, err
}

// latest reads state/latest.json; one that is absent is zero, and so is one
// that cannot be understood, which is a problem.
func (v *verifier) latest(ctx context.Context) (Latest, error) {
	latest, err := LoadLatest(ctx, v.store)
	if errors.Is(err, ErrCorrupt) {
		v.add(Problem{Kind: Edited, Run: "", Key: latestKey, What: "it is not in the form that was stored"})
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Latest{}, err
	}
	return latest, nil
}

// checkLinks checks each link against its neighbours and its run's files.
func (v *verifier) checkLinks(ctx context.Context) error {
	last := chained{}
	for i, at := range v.chain {
		v.checkLink(i, last)
		if at.run != "" {
			if err := v.checkFiles(ctx, i); err != nil {
				return err
			}
		}
		last = at
	}
	return nil
}

// checkLink checks the link at an index, which follows last.
func (v *verifier) checkLink(i int, last chained) {
	at := v.chain[i]
	name, key := cmp.Or(at.run, v.nameFrom(i)), chainKey(at.Sequence)
	if at.Sequence != last.Sequence+1 {
		lost := cmp.Or(at.previousRun, at.run, last.run)
		v.add(Problem{Kind: Gap, Run: lost, Key: chainKey(at.Sequence - 1), What: fmt.Sprintf("the chain lacks %d link(s) up to this one", at.Sequence-last.Sequence-1)})
	}
	if at.run == "" {
		v.add(Problem{Kind: Edited, Run: name, Key: key, What: "it is no manifest"})
		return
	}
	if digest := v.digestFrom(i); digest != "" && digest != at.Manifest {
		v.add(Problem{Kind: Edited, Run: name, Key: key, What: fmt.Sprintf("it is not the link that the next one or %s names", latestKey)})
	}
	v.checkOrder(last, at)
}

// nameFrom returns which run the link after i says it follows.
func (v *verifier) nameFrom(i int) posture.RunID {
	if i+1 < len(v.chain) && v.chain[i+1].Sequence == v.chain[i].Sequence+1 {
		return v.chain[i+1].previousRun
	}
	if v.before.Sequence == v.chain[i].Sequence {
		return v.before.Run
	}
	return ""
}

// digestFrom returns what link i should be, as the next link or latest.json
// says it.
func (v *verifier) digestFrom(i int) string {
	if i+1 < len(v.chain) {
		next := v.chain[i+1]
		if next.Sequence == v.chain[i].Sequence+1 && next.claims == next.Sequence {
			return next.previous
		}
	}
	if v.before.Head.Sequence == v.chain[i].Sequence {
		return v.before.Head.Manifest
	}
	return ""
}

// checkOrder checks that a link is in its own place and holds a run of its
// own.
func (v *verifier) checkOrder(last, at chained) {
	key := chainKey(at.Sequence)
	if at.claims != at.Sequence {
		v.add(Problem{Kind: Reordered, Run: at.run, Key: key, What: fmt.Sprintf("it is link %d in place of link %d", at.claims, at.Sequence)})
	}
	if at.Sequence == last.Sequence+1 && last.run != "" && at.claims == at.Sequence && at.previousRun != last.run {
		v.add(Problem{Kind: Reordered, Run: at.run, Key: key, What: fmt.Sprintf("it follows run %s and not run %s", at.previousRun, last.run)})
	}
	if first, ok := v.runs[at.run]; ok {
		v.add(Problem{Kind: Repeated, Run: at.run, Key: key, What: fmt.Sprintf("the run is link %d already", first)})
		return
	}
	v.runs[at.run] = at.Sequence
}
