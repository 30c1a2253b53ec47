package engine

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestHomeRegion(t *testing.T) {
	want := map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
	for partition, region := range want {
		if got := HomeRegion(partition); got != region {
			t.Errorf("HomeRegion(%q) = %q, want %q", partition, got, region)
		}
	}
}

func TestPartitionOf(t *testing.T) {
	for id, want := range map[string]string{"arn:aws-us-gov:iam::1:user/b": "aws-us-gov", "arn:aws:s3:::b": "aws", "111122223333": "aws", "arn": "aws"} {
		if got := PartitionOf(id); got != want {
			t.Errorf("PartitionOf(%q) = %q, want %q", id, got, want)
		}
	}
}

// TestEnvironmentCannotCapAttempts shows that AWS_MAX_ATTEMPTS, which the
// configuration carries, leaves the retryer's own number as it is.
func TestEnvironmentCannotCapAttempts(t *testing.T) {
	p := testPlace(Options{}, nil)
	p.scan.cfg.RetryMaxAttempts = 2
	var built aws.Config
	Client(p, func(cfg aws.Config, _ ...func(struct{})) *int { built = cfg; return new(int) })
	if got := []int{built.RetryMaxAttempts, built.Retryer().MaxAttempts()}; !slices.Equal(got, []int{0, 10}) {
		t.Errorf("cap and attempts = %v, want 0 and 10", got)
	}
}
