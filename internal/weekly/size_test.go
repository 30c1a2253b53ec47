package weekly_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/weekly"
)

// weighed is a store that looks at the heap in the middle of every file of
// findings.
type weighed struct {
	store.Store
	look func()
}

func (w weighed) Get(ctx context.Context, key string) (store.Object, error) {
	object, err := w.Store.Get(ctx, key)
	if err == nil && strings.Contains(key, "findings.") {
		object.Body = &halved{ReadCloser: object.Body, left: object.Size / 2, look: w.look}
	}
	return object, err
}

// halved is a body that says when half of it was read.
type halved struct {
	io.ReadCloser
	left int64
	look func()
}

func (h *halved) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if h.left > 0 && h.left <= int64(n) {
		h.look()
	}
	h.left -= int64(n)
	return n, err
}

// weigh returns how much memory making a page takes, when every run has so
// many findings; half of them turn with each run.
func weigh(t *testing.T, findings int) uint64 {
	t.Helper()
	s := newStory(t)
	s.store = store.Dir(t.TempDir())
	for run := range 4 {
		found := make([]string, findings)
		for i := range found {
			found[i] = fmt.Sprintf("%cbucket-%06d", "+-"[(i+run*(i%2))%2], i)
		}
		s.has(one, map[string][]string{"aws-s3-public": found})
		s.each(one, func(f *posture.Finding) { f.Owner = f.Name })
		s.on(3 + run).run(snapshot.Complete)
	}
	s.parts = nil
	before := live()
	var most uint64
	o := options()
	o.Rows = 100
	page, err := weekly.Collect(t.Context(), weighed{s.store, func() { most = max(most, live()) }}, o)
	s.need(err)
	if page.Movement.Regressed == 0 || page.Findings.Now.Total() != findings {
		t.Errorf("%+v %+v", page.Movement, page.Findings)
	}
	return most - min(most, before)
}

// live returns what is on the heap and in use.
func live() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestSmall: making a page of twenty times as many findings takes about the
// same memory, beside the rows that it holds.
func TestSmall(t *testing.T) {
	few, many := weigh(t, 2_000), weigh(t, 40_000)
	if limit := few + 4<<20; many > limit {
		t.Errorf("%d KiB for 2,000 findings a run, %d KiB for 40,000", few>>10, many>>10)
	}
	t.Logf("%d KiB for 2,000 findings a run, %d KiB for 40,000", few>>10, many>>10)
}

// TestPageSize: a page of five thousand open findings, with the sentences,
// commands, evidence and links that findings have, is under 3 MB however they
// are spread over rules, and JSON and CSV have all of them.
func TestPageSize(t *testing.T) {
	const findings, most = 5000, 3 << 20
	for _, many := range []int{1, 20, 250} {
		s := newStory(t)
		s.rules = nil
		for i := range many {
			r := rule(fmt.Sprintf("aws-s3-rule-%03d", i), bucket, posture.Severities[i%4], "CC6.1", "A1.2")
			r.Why, r.Fix.Note = strings.Repeat("Why it matters. ", 12), strings.Repeat("What the command does. ", 9)
			s.rules = append(s.rules, r)
		}
		found := map[string][]string{}
		for i := range findings {
			id := s.rules[i%many].ID
			found[id] = append(found[id], fmt.Sprintf("-customer-uploads-%05d", i))
		}
		s.has(one, found)
		s.each(one, func(f *posture.Finding) {
			f.Owner, f.Link = "team-"+f.Name[:10], "https://s3.console.aws.amazon.com/s3/buckets/"+f.Name+"?region=eu-west-1&tab=permissions"
			f.Sentence = f.Name + " lets everybody on the internet read its objects, by its bucket policy"
			f.Command = "aws s3api put-public-access-block --bucket " + f.Name + " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
			f.Evidence = []posture.Value{{Path: "resource.public_access.policy_is_public", Value: true}, {Path: "resource.public_access.block_public_policy", Value: false}}
		})
		s.on(6).run(snapshot.Complete)
		page := s.page(options())
		html, table := written(t, page.WriteHTML), string(written(t, page.WriteCSV))
		t.Logf("%d rules: %d KiB of HTML, %d KiB of CSV", many, len(html)>>10, len(table)>>10)
		if len(html) > most {
			t.Errorf("%d rules: the page has %d bytes", many, len(html))
		}
		if n := strings.Count(table, ",open,aws-s3-rule"); n+strings.Count(table, ",past due,") < findings || len(page.Open.Items) != findings {
			t.Errorf("%d rules: %d rows, %d lines", many, len(page.Open.Items), n)
		}
		if n := strings.Count(string(html), `<li id="f-`); n != findings {
			t.Errorf("%d rules: %d rows on the page", many, n)
		}
	}
}
