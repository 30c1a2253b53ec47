package services

import (
	"context"
	"testing"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// TestMistakesAreShared: where the reading of something that several types need
// stops on a mistake of ours, what it was for is unread everywhere.
func TestMistakesAreShared(t *testing.T) {
	shared := map[string]func(*engine.Place) error{
		"IAM access": func(p *engine.Place) error {
			_, err := engine.Once(p.Home(), "IAM access", func() (iamAccess, error) { panic("a mistake") })
			return err
		},
		"guards": func(p *engine.Place) error {
			_, err := engine.Once(p.Home(), "guards of the organization", func() (guards, error) { panic("a mistake") })
			return err
		},
	}
	for _, test := range []struct {
		shared  string
		service engine.Service
		name    string // of a resource for which it counts
		field   string
	}{
		{"IAM access", iamUsers, "ada", "escalates"},
		{"IAM access", iamGroups, "developers", "administrator"},
		{"IAM access", iamRoles, "app", "administrator"},
		{"IAM access", lambdaFunctions, "good", "lends_to"},
		{"IAM access", codeBuildProjects, "deploy", "lends_to"},
		{"IAM access", cloudFormationStacks, "shop", "lends_to"},
		{"IAM access", glueDevEndpoints, "lab", "lends_to"},
		{"IAM access", glueJobs, "nightly", "lends_to"},
		{"IAM access", sageMakerNotebooks, "open", "lends_to"},
		{"IAM access", ec2Instances, "web", "lends_to"},
		{"guards", iamRoles, "open", "trusts"},
		{"guards", sqsQueues, "open", "public"},
		{"guards", s3Buckets, "gamma", "public"},
	} {
		t.Run(test.shared+" of "+test.service.Name, func(t *testing.T) {
			scan := test.service.Scan
			test.service.Scan = func(ctx context.Context, p *engine.Place) error {
				if err := shared[test.shared](p); err == nil {
					t.Error("nothing went wrong")
				}
				return scan(ctx, p)
			}
			if got := scanService(t, test.service).get(t, test.name); reasonOf(got, test.field) != posture.Mistake {
				t.Errorf("%s is %v", test.field, got.Unread)
			}
		})
	}
}

// scanService scans the whole estate for all that one service declares.
func scanService(t *testing.T, service engine.Service) scanned {
	t.Helper()
	o := options(1)
	o.Services = []engine.Service{service}
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1"}}
	account, err := engine.Open(t.Context(), serve(t, cloudOf(wholeEstate(t))).Config(testAccount), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return scanAccount(t.Context(), account, wantAll(service.Name))
}
