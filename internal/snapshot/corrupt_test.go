package snapshot_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// compress returns text as a file's bytes.
func compress(t testing.TB, write func(io.Writer)) []byte {
	t.Helper()
	var body bytes.Buffer
	encoder, err := zstd.NewWriter(&body)
	if err != nil {
		t.Fatal(err)
	}
	write(encoder)
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

func text(lines string) func(io.Writer) { return func(w io.Writer) { io.WriteString(w, lines) } }

// partOf stores a body as a findings file that is described truly.
func partOf(t testing.TB, s store.Store, body []byte, lines int) snapshot.Part {
	t.Helper()
	digest := sha256.Sum256(body)
	file := snapshot.File{Key: "runs/findings", Size: int64(len(body)), SHA256: hex.EncodeToString(digest[:]), Lines: lines}
	if _, err := s.PutIfAbsent(context.Background(), file.Key, body); err != nil {
		t.Fatal(err)
	}
	return snapshot.Part{Findings: file, Resources: file}
}

// bomb is a gigabyte of one line.
func bomb(w io.Writer) {
	zeros := make([]byte, 1<<20)
	for range 1 << 10 {
		w.Write(zeros)
	}
}

// What is not a sorted file of findings is refused, and the key named,
// without much memory.
func TestCorruptFiles(t *testing.T) {
	whole := compress(t, text(`{"fingerprint":"a"}`+"\n"+`{"fingerprint":"b"}`+"\n"))
	for name, c := range map[string]struct {
		body  []byte
		lines int
	}{
		"empty":            {nil, 0},
		"no zstd":          {[]byte("fingerprint"), 1},
		"cut short":        {whole[:len(whole)-3], 2},
		"bomb":             {compress(t, bomb), 1},
		"bomb of lines":    {compress(t, text(strings.Repeat("\n", 1<<20))), 1 << 20},
		"more lines":       {whole, 1},
		"fewer lines":      {whole, 3},
		"line too long":    {compress(t, text(`{"fingerprint":"`+strings.Repeat("a", 1<<20)+`"}`+"\n")), 1},
		"no JSON":          {compress(t, text("fingerprint\n")), 1},
		"other JSON":       {compress(t, text("[1]\n")), 1},
		"two on a line":    {compress(t, text(`{"fingerprint":"a"}{"fingerprint":"b"}`)), 1},
		"no fingerprint":   {compress(t, text("{}\n")), 1},
		"out of order":     {compress(t, text(`{"fingerprint":"b"}`+"\n"+`{"fingerprint":"a"}`+"\n")), 2},
		"twice":            {compress(t, text(`{"fingerprint":"a"}`+"\n"+`{"fingerprint":"a"}`+"\n")), 2},
		"something behind": {append(bytes.Clone(whole), "more"...), 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.Memory()
			part := partOf(t, s, c.body, c.lines)
			before := allocated()
			_, err := collect(snapshot.Findings(t.Context(), s, part))
			if !errors.Is(err, snapshot.ErrCorrupt) || !strings.Contains(err.Error(), part.Findings.Key) {
				t.Errorf("%v, want ErrCorrupt with %s", err, part.Findings.Key)
			}
			if used := allocated() - before; used > 64<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// allocated returns how many bytes were ever allocated.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// A file that is not the one described is refused, whatever it holds.
func TestChangedFiles(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	part := partOf(t, s, compress(t, text(`{"fingerprint":"a"}`+"\n")), 1)
	for name, change := range map[string]func(*snapshot.File){
		"digest": func(f *snapshot.File) { f.SHA256 = strings.Repeat("0", 64) },
		"size":   func(f *snapshot.File) { f.Size++ },
		"larger": func(f *snapshot.File) { f.Size -= 2 },
		"lines":  func(f *snapshot.File) { f.Lines++ },
	} {
		changed := part
		change(&changed.Findings)
		if _, err := collect(snapshot.Findings(t.Context(), s, changed)); !errors.Is(err, snapshot.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
	gone := part
	gone.Findings.Key = "runs/gone"
	if _, err := collect(snapshot.Findings(t.Context(), s, gone)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("gone: %v, want ErrNotFound", err)
	}
}

// failing is a store whose bodies end in a network error.
type failing struct{ store.Store }

var errNetwork = errors.New("connection reset")

func (f failing) Get(ctx context.Context, key string) (store.Object, error) {
	object, err := f.Store.Get(ctx, key)
	object.Body = io.NopCloser(io.MultiReader(io.LimitReader(object.Body, object.Size/2), failingReader{}))
	return object, err
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errNetwork }

// A failing network is not taken for a changed file.
func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	part, _, err := scan(t.Context(), s, head(newRun(0), one, "a1"), 50)
	if err != nil {
		t.Fatal(err)
	}
	_, err = collect(snapshot.Findings(t.Context(), failing{s}, part))
	if !errors.Is(err, errNetwork) || errors.Is(err, snapshot.ErrCorrupt) {
		t.Errorf("%v, want the network's error alone", err)
	}
}

// A reader may stop early and read again.
func TestStopEarly(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	part, _, err := scan(t.Context(), s, head(newRun(0), one, "a1"), 50)
	if err != nil {
		t.Fatal(err)
	}
	findings := snapshot.Findings(t.Context(), s, part)
	for _, err := range findings {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if all, err := collect(findings); len(all) != 50 || err != nil {
		t.Errorf("%d findings, %v", len(all), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(snapshot.Findings(ctx, s, part)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]snapshot.PartHead{
		"run":      {Run: "../x", Target: one, Attempt: "a"},
		"target":   {Run: newRun(0).ID, Target: posture.Target{Provider: "aws", Account: "../../state"}, Attempt: "a"},
		"dots":     {Run: newRun(0).ID, Target: posture.Target{Provider: "aws", Account: ".."}, Attempt: "a"},
		"account":  {Run: newRun(0).ID, Target: posture.Target{Provider: "aws"}, Attempt: "a"},
		"attempt":  {Run: newRun(0).ID, Target: one},
		"attempt/": {Run: newRun(0).ID, Target: one, Attempt: "a/b"},
	} {
		if _, err := snapshot.NewPartWriter(head); err == nil {
			t.Errorf("%s: accepted %+v", name, head)
		}
	}
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: newRun(0).ID, Target: one, Attempt: "a"})
	if err != nil {
		t.Fatal(err)
	}
	long := bucket(1)
	long.Doc = strings.Repeat("x", 1<<20)
	if err := w.Resource(long); !errors.Is(err, snapshot.ErrLineTooLong) {
		t.Errorf("long resource: %v", err)
	}
	long.Doc = math.NaN()
	if err := w.Resource(long); err == nil {
		t.Error("a document that is no JSON was accepted")
	}
	if err := w.Finding(posture.Finding{Fingerprint: "a"}); err == nil {
		t.Error("a finding without a status was accepted")
	}
	if _, _, err := w.Commit(t.Context(), store.Memory(), snapshot.PartEnd{}); err != nil {
		t.Fatal(err)
	}
	_, _, again := w.Commit(t.Context(), store.Memory(), snapshot.PartEnd{})
	if again == nil || w.Finding(finding(1, posture.Pass)) == nil || w.Resource(bucket(1)) == nil {
		t.Error("a writer was used after its commit")
	}
}

func TestOpenRunRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*snapshot.Run){
		"id":         func(r *snapshot.Run) { r.ID = "latest" },
		"id path":    func(r *snapshot.Run) { r.ID = "20261122T010000Z-../../x" },
		"other slot": func(r *snapshot.Run) { r.ID = "20261122T020000Z-aws" },
		"no date":    func(r *snapshot.Run) { r.ID = "20269922T020000Z-aws" },
		"twice":      func(r *snapshot.Run) { r.Targets = append(r.Targets, one) },
		"target":     func(r *snapshot.Run) { r.Targets = []posture.Target{{Provider: "aws", Account: "a/b"}} },
	} {
		s := store.Memory()
		run := newRun(0)
		change(&run)
		if _, _, err := snapshot.OpenRun(t.Context(), s, run); err == nil || len(objects(t, s)) > 0 {
			t.Errorf("%s: %v, stored %d objects", name, err, len(objects(t, s)))
		}
	}
}

// TestOpenRunFindsDamagedRules opens a run again whose rules were changed.
func TestOpenRunFindsDamagedRules(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	run, _, err := snapshot.OpenRun(t.Context(), s, newRun(0))
	if err != nil {
		t.Fatal(err)
	}
	tamper{t: t, Store: s}.write(run.RulesFile.Key, "nonsense")
	_, _, err = snapshot.OpenRun(t.Context(), s, newRun(0))
	if !errors.Is(err, snapshot.ErrCorrupt) || !strings.Contains(err.Error(), run.RulesFile.Key) {
		t.Errorf("%v, want ErrCorrupt with %s", err, run.RulesFile.Key)
	}
}

// Malformed objects make one clear error.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "[]", "null", `{"id":"other"}`, `{"targets":7}`} {
		s := tamper{t: t, Store: chainOf(t, 1)}
		s.write(in(0, "run.json"), body)
		s.write(in(0, "manifest.json"), body)
		s.write("state/latest.json", body)
		s.write(in(0, "aws/111122223333/part.json"), body)
		_, runErr := snapshot.LoadRun(t.Context(), s, newRun(0).ID)
		_, manifestErr := snapshot.LoadManifest(t.Context(), s, newRun(0).ID)
		_, latestErr := snapshot.LoadLatest(t.Context(), s)
		_, _, partsErr := snapshot.Parts(t.Context(), s, newRun(0))
		for what, err := range map[string]error{"run": runErr, "manifest": manifestErr, "latest": latestErr, "parts": partsErr} {
			if !errors.Is(err, snapshot.ErrCorrupt) {
				t.Errorf("%s of %q: %v, want ErrCorrupt", what, body, err)
			}
		}
	}
}

type told struct {
	Fingerprint string `json:"fingerprint"`
	N           int    `json:"n"`
}

// save stores the values behind the head.
func save(t *testing.T, s store.Store, file snapshot.Sorted[told], head []told, values ...told) error {
	t.Helper()
	w, err := file.Writer()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range values {
		if err := w.Add(value); err != nil {
			return err
		}
	}
	return w.Put(t.Context(), s, head...)
}

func TestSorted(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	file := snapshot.Sorted[told]{Key: snapshot.NotifiedKey(one, "20261122T010000Z-aws", "a1"), Order: func(t told) string { return t.Fingerprint }}
	if _, err := file.Load(t.Context(), s); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("first load: %v, want ErrNotFound", err)
	}
	for name, bad := range map[string][2][]told{
		"order": {nil, {{"b", 1}, {"a", 2}}}, "twice": {nil, {{"b", 1}, {"b", 2}}}, "no key": {nil, {{}}},
		"head without order": {{{"b", 1}, {"a", 1}}, {{"c", 1}}}, "head behind": {{{"b", 1}}, {{"a", 1}}}, "head twice": {{{"a", 1}}, {{"a", 1}}},
		"too long": {nil, {{strings.Repeat("x", 1<<20), 1}}},
	} {
		if err := save(t, s, file, bad[0], bad[1]...); err == nil {
			t.Errorf("%s: saved", name)
		}
	}
	for _, want := range [][2][]told{{nil, nil}, {{{"a", 1}}, nil}, {nil, {{"a", 1}, {"b", 2}}}, {{{"a", 1}, {"b", 1}}, {{"c", 2}, {"d", 3}}}} {
		s := store.Memory()
		if err := save(t, s, file, want[0], want[1]...); err != nil {
			t.Fatal(err)
		}
		loaded, err := file.Load(t.Context(), s)
		for range 2 {
			all, readErr := collect(loaded)
			if diff := cmp.Diff(slices.Concat(want[0], want[1]), all); err != nil || readErr != nil || diff != "" {
				t.Errorf("load: %v, %v (-want +got):\n%s", err, readErr, diff)
			}
		}
		if err := save(t, s, file, nil); !errors.Is(err, store.ErrExists) {
			t.Errorf("second save: %v, want ErrExists", err)
		}
	}
	for name, body := range map[string]string{"emptied": "", "cut": "\x28\xb5\x2f\xfd", "text": "{}"} {
		tamper{t: t, Store: s}.write(file.Key, body)
		loaded, err := file.Load(t.Context(), s)
		if err == nil {
			_, err = collect(loaded)
		}
		if !errors.Is(err, snapshot.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), file.Key) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
}

// TestSortedLarge: a file that is too large to be held is read from the store
// each time, and one that is gone or cut meanwhile is not taken for whole.
func TestSortedLarge(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	file := snapshot.Sorted[told]{Key: snapshot.NotifiedKey(one, "20261122T010000Z-aws", "a1"), Order: func(t told) string { return t.Fingerprint }}
	var many []told
	for i := range 200_000 { // each with 32 bytes that do not compress
		many = append(many, told{posture.Fingerprint("r", "aws", "1", "r", fmt.Sprint(i)), i})
	}
	slices.SortFunc(many, func(a, b told) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	if err := save(t, s, file, nil, many...); err != nil {
		t.Fatal(err)
	}
	body, _, err := store.Read(t.Context(), s, file.Key, 64<<20)
	if err != nil || len(body) < 5<<20 {
		t.Fatalf("%d bytes are not large: %v", len(body), err)
	}
	loaded, err := file.Load(t.Context(), s)
	for range 2 {
		if all, readErr := collect(loaded); err != nil || readErr != nil || !slices.Equal(all, many) {
			t.Fatalf("%d values: %v, %v", len(all), err, readErr)
		}
	}
	for _, err := range loaded {
		if err != nil {
			t.Error(err)
		}
		break
	}
	tamper{t: t, Store: s}.write(file.Key, string(body[:len(body)/2]))
	if _, err := collect(loaded); !errors.Is(err, snapshot.ErrCorrupt) {
		t.Errorf("cut: %v, want ErrCorrupt", err)
	}
	broken, err := file.Load(t.Context(), failing{s})
	if err == nil {
		_, err = collect(broken)
	}
	if !errors.Is(err, errNetwork) || errors.Is(err, snapshot.ErrCorrupt) {
		t.Errorf("the network failed: %v", err)
	}
	if err := s.Delete(t.Context(), file.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := collect(loaded); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted: %v, want ErrNotFound", err)
	}
}

// FuzzFindings reads anything as a stored file: what is accepted is sorted
// and complete, and nothing costs much memory.
func FuzzFindings(f *testing.F) {
	f.Add([]byte(nil), 0)
	f.Add([]byte("text"), 1)
	f.Add(compress(f, text(`{"fingerprint":"a","status":"fail","evidence":[{"path":"p","value":1e400}]}`+"\n")), 1)
	f.Add(compress(f, text(strings.Repeat("\n", 1000))), 1000)
	f.Add(compress(f, bomb), 1)
	f.Fuzz(func(t *testing.T, body []byte, lines int) {
		s := store.Memory()
		part := partOf(t, s, body, lines)
		findings, err := collect(snapshot.Findings(context.Background(), s, part))
		if err == nil && len(findings) != lines {
			t.Errorf("%d findings, want %d", len(findings), lines)
		}
		for i := range findings {
			if _, err := json.Marshal(findings[i]); err != nil {
				t.Errorf("finding %d cannot be written again: %v", i, err)
			}
		}
		if _, err := collect(snapshot.Resources(context.Background(), s, part)); err != nil && !errors.Is(err, snapshot.ErrCorrupt) {
			t.Errorf("resources: %v", err)
		}
	})
}

// TestLineForms: what no writer of ours writes is refused, what a later version
// may write is passed over, and numbers stay as they were written.
func TestLineForms(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		line string
		ok   bool
	}{
		"as written":         {`{"fingerprint":"a","rule":"r","status":"fail","evidence":[{"path":"p","value":[1e400,12345678901234567890,{"x":0.10}]}]}`, true},
		"from a later one":   {`{"fingerprint":"a","later":{"x":[1]},"evidence":[{"path":"p","value":null,"later":1}]}`, true},
		"a name twice":       {`{"fingerprint":"b","fingerprint":"a"}`, false},
		"a name twice below": {`{"fingerprint":"a","evidence":[{"path":"p","value":{"x":1,"x":2}}]}`, false},
		"no UTF-8":           {"{\"fingerprint\":\"a\",\"name\":\"\xff\"}", false},
		"two values":         {`{"fingerprint":"a"}{"fingerprint":"b"}`, false},
		"cut":                {`{"fingerprint":"a","rule":"r`, false},
		"another type":       {`{"fingerprint":"a","rule":7}`, false},
		"no time":            {`{"fingerprint":"a","exemption":{"id":"x","expires":20261122}}`, false},
		"not a value":        {`{"fingerprint":"a","evidence":[{"path":"p","value":nil}]}`, false},
	} {
		s := store.Memory()
		findings, err := collect(snapshot.Findings(t.Context(), s, partOf(t, s, compress(t, text(row.line+"\n")), 1)))
		if (err == nil) != row.ok || err != nil && !errors.Is(err, snapshot.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if written, err := json.Marshal(findings); name == "as written" && (err != nil || !strings.Contains(string(written), `[1e400,12345678901234567890,{"x":0.10}]`)) {
			t.Errorf("%s: became %s, %v", name, written, err)
		}
	}
}
