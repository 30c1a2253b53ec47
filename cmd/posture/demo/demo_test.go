package demo_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/cmd/posture/demo"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

const golden = "testdata/demo.txt"

var update = flag.Bool("update", false, "write the golden file again")

// run runs the demo by a clock of its own and returns what it printed.
func run(t *testing.T, kept store.Store, change func(*demo.Options)) string {
	t.Helper()
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	options := demo.Options{
		Store: kept, Command: "posture", Out: &out,
		Now: func() time.Time { return now },
	}
	if change != nil {
		change(&options)
	}
	if err := demo.Run(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// loose holds what differs from run to run, or whenever a rule is added.
var loose = []struct {
	form *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`111122223333`), "ACCOUNT"},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "http://127.0.0.1:PORT"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "DIGEST"},
	{regexp.MustCompile(`\b[0-9a-f]{8}…`), "DIGEST"},
	{regexp.MustCompile(`[0-9.]+% \(\d+ of \d+ judged\)`), "N% (N of N judged)"},
	{regexp.MustCompile(`\b\d+ of \d+ findings`), "N of N findings"},
	{regexp.MustCompile(`(?s)(By category ).*?( vulnerability)`), "$1…$2"}, // its lines break elsewhere with other figures
	{regexp.MustCompile(`\b\d+ (resources, read|API calls|rules\.|pass|fail|unknown|not checked)`), "N $1"},
	{regexp.MustCompile(`\b\d+ (critical|high|medium|low|encryption|logging|iam|backup|redundancy|network|monitoring|vulnerability)\b`), "N $1"},
	{regexp.MustCompile(`(\d+) (findings fail|more)`), "N $2"},
	{regexp.MustCompile(`(?m)^  high .*\n`), ""},
	{regexp.MustCompile(`(?m)^(  posture [^ ].*?|    [^ ]+)  +`), "$1  "},
}

func normal(text, directory string) string {
	if directory != "" {
		text = strings.ReplaceAll(text, directory, "STORE")
	}
	for _, l := range loose {
		text = l.form.ReplaceAllString(text, l.name)
	}
	return text
}

// TestDemo holds what the demo prints, save for figures that every new rule
// changes.
func TestDemo(t *testing.T) {
	directory := t.TempDir()
	kept := store.Dir(directory)
	got := normal(run(t, kept, nil), directory)
	for _, gap := range []string{"NoFixture", "was not in the answer"} {
		if strings.Contains(got, gap) {
			t.Errorf("the demo's clouds lack what the scanners ask for: %s", gap)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("demo (-want +got), write it again with -update if that is right:\n%s", diff)
	}
	report, err := snapshot.Verify(t.Context(), kept)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the store of the demo does not verify: %v, %v", report.Problems, err)
	}
}

// TestAllClouds: what changed in each cloud is told, and the findings and the
// coverage of the run are of all.
func TestAllClouds(t *testing.T) {
	kept := store.Memory()
	printed := run(t, kept, nil)
	newest, err := snapshot.Newest(t.Context(), kept, "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := snapshot.LoadRun(t.Context(), kept, newest.Run)
	if err != nil {
		t.Fatal(err)
	}
	parts, missing, err := snapshot.Parts(t.Context(), kept, second)
	if err != nil || len(missing) > 0 || newest.Outcome != snapshot.Complete {
		t.Fatalf("%s, without %v: %v", newest.Outcome, missing, err)
	}
	var got []string
	for _, part := range parts {
		for finding, err := range snapshot.Findings(t.Context(), kept, part) {
			if err != nil {
				t.Fatal(err)
			}
			if finding.Status == posture.Fail && slices.Contains([]string{"aws-sg-no-open-ssh", "azure-storage-no-anonymous-blobs", "gcp-storage-bucket-not-public"}, finding.Rule) {
				got = append(got, part.Target.String()+" "+finding.Name)
			}
		}
	}
	if diff := cmp.Diff([]string{"aws/111122223333 bastion", "azure/3f2a1b00-0000-4000-8000-00000000f001 fernwayassets", "gcp/fernway-data fernway-exports"}, got); diff != "" {
		t.Error(diff)
	}
	for _, part := range parts {
		if strings.HasPrefix(part.Target.String(), "gcp/") && part.Report.Calls["storage.buckets.get"] != 1 {
			t.Errorf("the bucket was not read a second time, directly: %v", part.Report.Calls)
		}
	}
	if n := strings.Count(printed, "│ Critical: "); n != 3 {
		t.Errorf("%d regressions are told, want one of each cloud", n)
	}
}

func TestBlocksAndColors(t *testing.T) {
	got := run(t, store.Memory(), func(o *demo.Options) { o.Blocks, o.Color = true, true })
	for _, want := range []string{`"type": "header"`, "\x1b[1;31mcritical\x1b[0m"} {
		if !strings.Contains(got, want) {
			t.Errorf("the demo does not print %q", want)
		}
	}
}

func TestRunsOfOthersAreLeftAlone(t *testing.T) {
	kept := store.Memory()
	if _, err := kept.PutIfAbsent(t.Context(), "runs/2026/11/22/mine.json", nil); err != nil {
		t.Fatal(err)
	}
	err := demo.Run(t.Context(), demo.Options{Store: kept})
	if err == nil || !strings.Contains(err.Error(), "needs an empty directory") {
		t.Errorf("got %v, want a refusal", err)
	}
}

// TestReadmeShowsTheDemo holds the README's sample message to what the demo
// prints.
func TestReadmeShowsTheDemo(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "```\nCritical:")
	sample, _, found := strings.Cut(sample, "\n```\n")
	want := normal("Critical:"+sample, "")
	if got := strings.ReplaceAll(string(demo), "│ ", ""); !found || !strings.Contains(got, want) {
		t.Errorf("the demo does not print the README's sample:\n%s", want)
	}
}
