package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
	"posture/internal/store"
)

// checkFiles checks the manifest.json of a link's run and all files that the
// link names.
func (v *verifier) checkFiles(ctx context.Context, i int) error {
	at := v.chain[i]
	whole, err := loadLink(ctx, v.store, at.Sequence)
	if err != nil {
		return err
	}
	problems, err := changedFiles(ctx, v.store, at.run, whole.manifest.Files)
	if err != nil {
		return err
	}
	manifest, err := v.checkManifest(ctx, i)
	if err != nil {
		return err
	}
	v.report.Files += len(whole.manifest.Files) + 1
	v.add(problems...)
	v.add(manifest...)
	return nil
}

// checkManifest checks that a run's manifest.json is what its link should be.
// Only that of the last link may be lacking still.
func (v *verifier) checkManifest(ctx context.Context, i int) ([]Problem, error) {
	at := v.chain[i]
	want := at.Manifest
	if digest := v.digestFrom(i); digest != "" {
		want = digest
	}
	problem, err := changedFile(ctx, v.store, File{Key: manifestKey(at.run), Size: -1, SHA256: want})
	if problem == nil || err != nil {
		return nil, err
	}
	if problem.Kind == Removed && i == len(v.chain)-1 && v.before.Head.Sequence < at.Sequence {
		v.report.Interrupted = at.run
		return nil, nil
	}
	problem.Run = at.run
	return []Problem{*problem}, nil
}

// changedFiles returns what is wrong with a run's files.
func changedFiles(ctx context.Context, s store.Store, run posture.RunID, files []File) ([]Problem, error) {
	found := make([]*Problem, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, file := range files {
		group.Go(func() error {
			var err error
			found[i], err = changedFile(ctx, s, file)
			return err
		})
	}
	err := group.Wait()
	var problems []Problem
	for _, problem := range found {
		if problem != nil {
			problem.Run = run
			problems = append(problems, *problem)
		}
	}
	return problems, err
}

// changedFile compares a file with its digest; a size below zero is not
// known. It returns nil when nothing is wrong.
func changedFile(ctx context.Context, s store.Store, file File) (*Problem, error) {
	object, err := s.Get(ctx, file.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &Problem{Kind: Removed, Key: file.Key, What: "the file is gone"}, nil
	case errors.Is(err, store.ErrKey):
		return &Problem{Kind: Edited, Key: file.Key, What: "the manifest names what can be no file"}, nil
	case err != nil:
		return nil, err
	}
	defer object.Body.Close()
	input := newSource(object.Body)
	if _, err := io.Copy(io.Discard, input); err != nil {
		return nil, err
	}
	got := input.file()
	if got.SHA256 != file.SHA256 || file.Size >= 0 && got.Size != file.Size {
		return &Problem{Kind: Edited, Key: file.Key, What: "the file is not the one that was stored"}, nil
	}
	return nil, nil
}

// checkRuns looks for runs that the chain does not hold.
func (v *verifier) checkRuns(ctx context.Context) error {
	for id, err := range Runs(ctx, v.store, time.Time{}, time.Time{}) {
		if err != nil {
			return err
		}
		if _, ok := v.runs[id]; ok {
			continue
		}
		if err := v.checkUnchained(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// checkUnchained looks at a run that was in no link when the chain was read.
func (v *verifier) checkUnchained(ctx context.Context, id posture.RunID) error {
	manifest, err := LoadManifest(ctx, v.store, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.report.Unfinished = append(v.report.Unfinished, id)
		return nil
	case errors.Is(err, ErrCorrupt):
		v.add(Problem{Kind: Edited, Run: id, Key: manifestKey(id), What: "it is no manifest of this run"})
		return nil
	case err != nil:
		return err
	}
	at, err := readChained(ctx, v.store, manifest.Sequence)
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.add(Problem{Kind: Unchained, Run: id, Key: manifestKey(id), What: fmt.Sprintf("the chain has no link %d", manifest.Sequence)})
	case err != nil:
		return err
	case at.run != id:
		v.add(Problem{Kind: Repeated, Run: id, Key: manifestKey(id), What: fmt.Sprintf("link %d is that of run %s", manifest.Sequence, at.run)})
	}
	return nil // or it was closed while the store was read
}

// checkLatest checks that state/latest.json names the chain's end and the
// newest run. A closer that died may have left it one link behind.
func (v *verifier) checkLatest(ctx context.Context) error {
	end := v.report.Head.Sequence
	if v.before.Head.Sequence > end {
		v.add(Problem{Kind: Gap, Run: v.before.Run, Key: chainKey(v.before.Head.Sequence), What: fmt.Sprintf("%s names link %d, the chain ends at %d", latestKey, v.before.Head.Sequence, end)})
	}
	latest, err := LoadLatest(ctx, v.store)
	if errors.Is(err, ErrCorrupt) {
		return nil // reported already
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	switch behind := end - latest.Head.Sequence; {
	case behind > 1:
		v.add(Problem{Kind: Behind, Run: latest.Run, Key: latestKey, What: fmt.Sprintf("it names link %d, the chain ends at %d", latest.Head.Sequence, end)})
	case behind == 1:
		v.report.Interrupted = v.chain[len(v.chain)-1].run
	}
	v.checkNewest(latest)
	return nil
}

// checkNewest checks the run that state/latest.json names against the links
// that it knows of.
func (v *verifier) checkNewest(latest Latest) {
	newest := chained{}
	for _, at := range v.chain {
		if at.Sequence <= latest.Head.Sequence && at.run > newest.run {
			newest = at
		}
	}
	switch {
	case latest.Head.Sequence > v.report.Head.Sequence || newest.run == "":
		return // it knows of links that were not read
	case latest.Run < newest.run:
		v.add(Problem{Kind: Behind, Run: latest.Run, Key: latestKey, What: fmt.Sprintf("the newest closed run is %s", newest.run)})
	case latest.Run != newest.run || latest.Link() != newest.Link:
		v.add(Problem{Kind: Edited, Run: latest.Run, Key: latestKey, What: "it does not name the link of the newest closed run"})
	}
}
