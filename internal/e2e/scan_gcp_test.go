package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
)

// passed is what scan-gcp answers.
type passed struct {
	Run           posture.RunID
	Go, Done      bool
	Targets, Left int
	Counts        map[posture.Status]int
	Calls         int
}

// newGoogleSite returns an installation that has Cloud Storage of Google Cloud
// in scope.
func newGoogleSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.google = newGoogle(t)
	s.need(s.put(s.ctx, "posture-results", "config/posture.yaml", siteConfig+"gcp: {services: [storage]}\n"))
	s.need(s.put(s.ctx, "posture-results", "config/google.json", googleFile))
	return s
}

// scanGoogle runs scan-gcp with an event, within a time.
func (s *site) scanGoogle(event map[string]any, limit time.Duration) passed {
	s.t.Helper()
	var out passed
	answer := s.invokeWithin("scan-gcp", event, &out, limit)
	for _, secret := range []string{federated, granted, sessionToken} {
		if strings.Contains(answer.Log+string(answer.Body), secret) {
			s.t.Errorf("%s shows:\n%s", secret, answer.Log)
		}
	}
	return out
}

// TestScanGcp runs scan-gcp as the state machine does, from the AWS identity
// in the function's environment to the message in Slack.
func TestScanGcp(t *testing.T) {
	s := newGoogleSite(t)
	slot := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	open := map[string]any{"slot": slot, "opener": "first"}
	opened := s.scanGoogle(open, time.Minute)
	id, err := posture.NewRunID(slot, "gcp")
	if err != nil {
		t.Fatal(err)
	}
	if want := (passed{Run: id, Go: true, Targets: opened.Targets, Left: opened.Targets}); !gocmp.Equal(want, opened) || opened.Targets < 3 {
		t.Fatalf("opened %+v", opened)
	}
	if again := s.scanGoogle(open, time.Minute); !gocmp.Equal(again, opened) {
		t.Errorf("opened again: %+v, want %+v", again, opened)
	}
	if second := s.scanGoogle(map[string]any{"slot": slot, "opener": "second"}, time.Minute); second.Go || second.Run != opened.Run {
		t.Errorf("a second delivery of the slot: %+v", second)
	}
	if early := s.scanGoogle(map[string]any{"run": opened.Run}, time.Minute); early.Done || early.Left != opened.Targets {
		t.Errorf("without time: %+v", early)
	}
	scanned := s.scanGoogle(map[string]any{"run": opened.Run}, 10*time.Minute)
	if !scanned.Done || scanned.Left != 0 || scanned.Counts[posture.Fail] == 0 || scanned.Counts[posture.Pass] == 0 || scanned.Calls == 0 {
		t.Errorf("scanned %+v", scanned)
	}
	said := s.publish(opened.Run)
	if said.Outcome != snapshot.Complete || said.Slack.Notified == 0 {
		t.Errorf("published %+v", said)
	}
	s.checkPosts("a first look", []string{"First scan"})
	next := s.scanGoogle(map[string]any{"slot": slot.Add(time.Minute), "opener": "third"}, time.Minute)
	if again := s.scanGoogle(map[string]any{"run": next.Run}, 10*time.Minute); !gocmp.Equal(again.Counts, scanned.Counts) {
		t.Errorf("the next run counted %v, want %v", again.Counts, scanned.Counts)
	}
	s.publish(next.Run)
	s.checkPosts("nothing changed", nil)
	s.checkGoogle()
	s.checkSeries("gcp", next.Run)
	s.checkRoles(map[string]string{"scan-gcp": "ScanGcpRole", "publish": "PublishRole", "watchdog": "WatchdogRole"})
	s.checkMetrics("gcp")
}

// checkGoogle holds how Google was asked: for a token first, in two steps, and
// then with it only.
func (s *site) checkGoogle() {
	s.t.Helper()
	s.google.mu.Lock()
	defer s.google.mu.Unlock()
	want := []string{"sts.googleapis.com", "iamcredentials.googleapis.com", "/google.cloud.asset.v1.AssetService/ListAssets"}
	if asked := s.google.asked; len(asked) < len(want) || !slices.Equal(asked[:len(want)], want) || len(s.google.faults()) > 0 {
		s.t.Errorf("asked for %v; wrong: %q", asked, s.google.faults())
	}
	for _, key := range s.keys("posture-results", "") {
		if body := string(s.object("posture-results", key)); strings.Contains(body, granted) || strings.Contains(body, federated) {
			s.t.Errorf("%s holds a token", key)
		}
	}
}

// checkSeries holds that the watchdog sees each series of runs for itself.
func (s *site) checkSeries(scope string, run posture.RunID) {
	s.t.Helper()
	var watched struct {
		Series []struct {
			Scope string
			Last  posture.RunID
		}
	}
	s.invoke("watchdog", map[string]any{}, &watched)
	if seen := watched.Series; len(seen) != 2 || seen[0].Scope != "aws" || seen[0].Last != "" || seen[1].Scope != scope || seen[1].Last != run {
		s.t.Errorf("the watchdog saw %+v", seen)
	}
}

// TestScanGcpRefuses holds that what keeps scan-gcp from Google Cloud is said
// in one clear line, without a secret.
func TestScanGcpRefuses(t *testing.T) {
	const key = `{"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key": "-----BEGIN PRIVATE KEY-----verysecret"}`
	s := newGoogleSite(t)
	for name, test := range map[string]struct {
		event        map[string]any
		file, refuse string
		want         []string
	}{
		"no slot":          {event: map[string]any{}, want: []string{"expected slot"}},
		"a key":            {file: key, want: []string{"s3://posture-results/config/google.json", "it holds a key", "revoke"}},
		"another address":  {file: strings.Replace(googleFile, "sts.googleapis", "sts.example", 1), want: []string{"token_url: expected https://sts.googleapis.com/v1/token"}},
		"no such identity": {refuse: "sts.googleapis.com", want: []string{"sts.googleapis.com gave no token (unauthorized_client: The given credential is rejected by the attribute condition.): compare the account and role of aws sts get-caller-identity"}},
		"no such account":  {refuse: "iamcredentials.googleapis.com", want: []string{"iamcredentials.googleapis.com gave no token (PERMISSION_DENIED: ", "roles/iam.workloadIdentityUser"}},
		"no such run":      {event: map[string]any{"run": "20200101T000000Z-gcp"}, want: []string{"scan run 20200101T000000Z-gcp"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.event == nil {
				test.event = map[string]any{"slot": time.Now().UTC(), "opener": "x"}
			}
			if test.file == "" {
				test.file = googleFile
			}
			s.need(s.put(s.ctx, "posture-results", "config/google.json", test.file))
			s.google.refuse = test.refuse
			answer := s.try("scan-gcp", test.event, time.Minute)
			for _, want := range test.want {
				if !strings.Contains(answer.Error, want) {
					t.Errorf("%s: want %q", answer.Error, want)
				}
			}
			for _, secret := range []string{"verysecret", federated, sessionToken} {
				if strings.Contains(answer.Error+answer.Log, secret) {
					t.Errorf("%s shows: %s\n%s", secret, answer.Error, answer.Log)
				}
			}
		})
	}
	if len(s.google.faults()) > 0 {
		t.Errorf("wrong: %q", s.google.faults())
	}
}

// TestScanGcpKeyFile holds that a key file is taken, from the function's own
// place, where there is no other way.
func TestScanGcpKeyFile(t *testing.T) {
	s := newGoogleSite(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.need(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	s.need(err)
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": account, "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
	s.need(err)
	file := filepath.Join(t.TempDir(), "key.json")
	s.need(os.WriteFile(file, text, 0o600))
	s.google.proxy.Env = append(s.google.proxy.Env, "GOOGLE_APPLICATION_CREDENTIALS="+file)
	if opened := s.scanGoogle(map[string]any{"slot": time.Now().UTC(), "opener": "x"}, time.Minute); !opened.Go || opened.Targets == 0 {
		t.Errorf("opened %+v", opened)
	}
	if asked := slices.Compact(s.google.asked); len(s.google.faults()) > 0 || asked[0] != "oauth2.googleapis.com" || len(asked) != 2 {
		t.Errorf("asked for %v; wrong: %q", asked, s.google.faults())
	}
}
