package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/aws/smithy-go"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// discoveryField is the field of a bucket that Macie gives.
const discoveryField = "sensitive_data_discovery"

// macieCalls are the calls that it takes.
func macieCalls() []scanners.Call {
	var calls []scanners.Call
	for _, op := range []string{"GetMacieSession", "GetAutomatedDiscoveryConfiguration", "GetClassificationScope"} {
		calls = append(calls, scanners.Call{Op: "macie2:" + op, For: []string{discoveryField}})
	}
	return calls
}

// macieDiscovery is what Macie does of itself in a region.
type macieDiscovery struct {
	on       bool
	excluded []string // buckets that it leaves out
}

// readDiscovery finds out whether Macie looks for sensitive data in the bucket.
func (b *bucketReading) readDiscovery(ctx context.Context) {
	if !b.Wants(discoveryField) {
		return
	}
	discovery, err := macieDiscoveryOf(ctx, b.Place)
	b.doc.SensitiveDataDiscovery = b.Got(err, discoveryField) && discovery.on && !slices.Contains(discovery.excluded, *b.name)
}

// macieDiscoveryOf asks once in each region.
func macieDiscoveryOf(ctx context.Context, p *engine.Place) (macieDiscovery, error) {
	return engine.Once(p, "macie discovery", func() (macieDiscovery, error) {
		client := engine.Client(p, macie2.NewFromConfig)
		session, err := client.GetMacieSession(ctx, nil)
		if macieOff(err) {
			return macieDiscovery{}, nil
		}
		if err == nil {
			err = answered(session.Status, "macie2:GetMacieSession")
		}
		if err != nil || session.Status != types.MacieStatusEnabled {
			return macieDiscovery{}, err
		}
		out, err := client.GetAutomatedDiscoveryConfiguration(ctx, nil)
		if err == nil {
			err = answered(out.Status, "macie2:GetAutomatedDiscoveryConfiguration")
		}
		if err != nil || out.Status != types.AutomatedDiscoveryStatusEnabled {
			return macieDiscovery{}, err
		}
		if out.ClassificationScopeId == nil {
			return macieDiscovery{}, engine.Malformed("macie2:GetAutomatedDiscoveryConfiguration", errNoValue)
		}
		scope, err := client.GetClassificationScope(ctx, &macie2.GetClassificationScopeInput{Id: out.ClassificationScopeId})
		if err != nil {
			return macieDiscovery{}, err
		}
		found := macieDiscovery{on: true}
		if scope.S3 != nil && scope.S3.Excludes != nil {
			found.excluded = scope.S3.Excludes.BucketNames
		}
		return found, nil
	})
}

// macieOff reports whether Macie is not on. It says so with the code of a refusal,
// so that only its text tells the two apart; in other words it is a refusal, and
// the bucket unknown.
func macieOff(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException" && strings.Contains(api.ErrorMessage(), "Macie is not enabled")
}
