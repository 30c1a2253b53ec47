package weekly_test

import (
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/internal/snapshot"
)

// TestIdleEvidence: what decided nothing is not among a row's evidence, neither
// where it is open nor where it began.
func TestIdleEvidence(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.run(snapshot.Complete)
	s.has(one, map[string][]string{"aws-s3-public": {"-data"}})
	s.each(one, func(f *posture.Finding) {
		f.Evidence = []posture.Value{{Path: "resource.idle_list", Value: []any{}, Idle: true}, {Path: "resource.by", Value: "made-up-cause"}}
	})
	s.on(6).run(snapshot.Complete)
	text := checkPage(t, written(t, s.page(o).WriteHTML))
	if strings.Contains(text, "idle_list") || strings.Count(text, "made-up-cause") < 2 {
		t.Errorf("the page shows\n%s", text)
	}
}
