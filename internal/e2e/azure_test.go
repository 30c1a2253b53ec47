package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/entratest"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// issuer and subject are whom the tokens of sts:GetWebIdentityToken name.
const (
	issuer  = "https://abc.tokens.sts.global.api.aws"
	subject = "arn:aws:iam::123456789012:role/scan-azure"
)

// newAzureSite returns an installation that has a subscription of Azure in
// scope.
func newAzureSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.azure = entratest.Start(t, issuer)
	s.need(s.put(s.ctx, "posture-results", "config/posture.yaml", siteConfig+entratest.Config))
	s.givesTokens()
	return s
}

// givesTokens makes AWS give tokens for other parties, which the emulator lacks.
func (s *site) givesTokens() {
	s.t.Helper()
	s.need(s.gate.gaps.Set("sts:GetWebIdentityToken", `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>`+
		entratest.Assertion(issuer, subject)+`</WebIdentityToken><Expiration>2030-01-01T00:00:00Z</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`))
}

// scanAzure runs scan-azure with an event, within a time.
func (s *site) scanAzure(event map[string]any, limit time.Duration) passed {
	s.t.Helper()
	var out passed
	answer := s.invokeWithin("scan-azure", event, &out, limit)
	s.showsNoSecret(answer.Log + string(answer.Body))
	return out
}

func (s *site) showsNoSecret(text string) {
	s.t.Helper()
	if strings.Contains(text, entratest.Never) {
		s.t.Errorf("a secret shows:\n%s", text)
	}
}

// TestScanAzure runs scan-azure as the state machine does, from the AWS identity
// in the function's environment to the message in Slack.
func TestScanAzure(t *testing.T) {
	s := newAzureSite(t)
	slot := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	opened := s.scanAzure(map[string]any{"slot": slot, "opener": "first"}, time.Minute)
	id, err := posture.NewRunID(slot, "azure")
	s.need(err)
	if want := (passed{Run: id, Go: true, Targets: 1, Left: 1}); !gocmp.Equal(want, opened) {
		t.Fatalf("opened %+v", opened)
	}
	if second := s.scanAzure(map[string]any{"slot": slot, "opener": "second"}, time.Minute); second.Go || second.Run != opened.Run {
		t.Errorf("a second delivery of the slot: %+v", second)
	}
	if early := s.scanAzure(map[string]any{"run": opened.Run}, time.Minute); early.Done || early.Left != 1 {
		t.Errorf("without time: %+v", early)
	}
	scanned := s.scanAzure(map[string]any{"run": opened.Run}, 10*time.Minute)
	if !scanned.Done || scanned.Counts[posture.Fail] == 0 || scanned.Counts[posture.Pass] == 0 || scanned.Calls == 0 {
		t.Errorf("scanned %+v", scanned)
	}
	said := s.publish(opened.Run)
	if said.Outcome != snapshot.Complete || said.Slack.Notified == 0 {
		t.Errorf("published %+v", said)
	}
	s.checkPosts("a first look", []string{"First scan"})
	next := s.scanAzure(map[string]any{"slot": slot.Add(time.Minute), "opener": "third"}, time.Minute)
	if again := s.scanAzure(map[string]any{"run": next.Run}, 10*time.Minute); !gocmp.Equal(again.Counts, scanned.Counts) {
		t.Errorf("the next run counted %v, want %v", again.Counts, scanned.Counts)
	}
	s.publish(next.Run)
	s.checkPosts("nothing changed", nil)
	if faults := s.azure.Wrong(); len(faults) > 0 {
		t.Errorf("wrong: %q", faults)
	}
	for _, key := range s.keys("posture-results", "") {
		s.showsNoSecret(string(s.object("posture-results", key)))
	}
	s.checkSeries("azure", next.Run)
	s.checkRoles(map[string]string{"scan-azure": "ScanAzureRole", "publish": "PublishRole"})
	s.checkMetrics("azure")
}

// TestScanAzureSignsIn holds the ways in which scan-azure signs in where its
// account gives no token by STS.
func TestScanAzureSignsIn(t *testing.T) {
	s := newAzureSite(t)
	s.ok(secretsmanager.NewFromConfig(s.cfg).CreateSecret(s.ctx, &secretsmanager.CreateSecretInput{Name: new("posture/azure"), SecretString: new(entratest.ClientSecret)}))
	pool, err := cognitoidentity.NewFromConfig(s.cfg).CreateIdentityPool(s.ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: new("posture"), DeveloperProviderName: new("posture"),
	})
	s.need(err)
	for way, variable := range map[string]string{
		"a secret":          "POSTURE_AZURE_SECRET=posture/azure",
		"a token of nobody": "POSTURE_AZURE_IDENTITY_POOL=" + *pool.IdentityPoolId + "/posture",
	} {
		t.Run(way, func(t *testing.T) {
			s.azure.Trust("nobody")
			s.extra = []string{variable}
			if opened := s.scanAzure(map[string]any{"slot": time.Now().UTC(), "opener": way}, time.Minute); opened.Targets != 1 {
				t.Errorf("opened %+v", opened)
			}
			if !slices.Contains(s.azure.Signed(), way) || len(s.azure.Wrong()) > 0 {
				t.Errorf("signed in by %q; wrong: %q", s.azure.Signed(), s.azure.Wrong())
			}
		})
	}
}

// TestScanAzureRefuses holds that what keeps scan-azure from Azure is said in
// one clear line, without a secret.
func TestScanAzureRefuses(t *testing.T) {
	s := newAzureSite(t)
	for name, test := range map[string]struct {
		refuse bool
		sts    string // the code of its refusal
		extra  string
		want   []string
	}{
		"not trusted":    {refuse: true, want: []string{"AADSTS70021", "issuer " + issuer + ", subject " + subject + " and audience api://AzureADTokenExchange"}},
		"turned off":     {sts: "OutboundWebIdentityFederationDisabledException", want: []string{"aws iam enable-outbound-web-identity-federation"}},
		"denied":         {sts: "AccessDenied", want: []string{"get a token to show to Entra ID", "GetWebIdentityToken", "AccessDenied"}},
		"no secret":      {extra: "POSTURE_AZURE_SECRET=posture/nothing", want: []string{"read the secret posture/nothing", "ResourceNotFoundException"}},
		"no such pool":   {extra: "POSTURE_AZURE_IDENTITY_POOL=posture", want: []string{`expected POOL-ID/DEVELOPER-PROVIDER`}},
		"no application": {extra: "AZURE_CLIENT_ID=posture", want: []string{"AZURE_CLIENT_ID: expected an id"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.azure.Refuse(test.refuse)
			s.extra = []string{test.extra}
			if test.sts != "" {
				s.need(s.gate.gaps.Set("sts:GetWebIdentityToken error="+test.sts, ""))
				defer s.givesTokens()
			}
			answer := s.try("scan-azure", map[string]any{"slot": time.Now().UTC(), "opener": "x"}, time.Minute)
			for _, want := range test.want {
				if !strings.Contains(answer.Error, want) {
					t.Errorf("got  %s\nwant %q", answer.Error, want)
				}
			}
			s.showsNoSecret(answer.Error + answer.Log)
		})
	}
}
