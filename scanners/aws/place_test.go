package aws

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// twoBuckets is the smallest estate: a listing, and a call for each of what
// it lists, one of which is refused.
const twoBuckets = `
-- s3:ListBuckets --
<ListAllMyBucketsResult><Buckets>
	<Bucket><Name>alpha</Name><BucketRegion>us-east-1</BucketRegion></Bucket>
</Buckets><ContinuationToken>two</ContinuationToken></ListAllMyBucketsResult>
-- s3:ListBuckets continuation-token=two --
<ListAllMyBucketsResult><Buckets>
	<Bucket><Name>beta</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
</Buckets></ListAllMyBucketsResult>
-- s3:GetBucketVersioning bucket=alpha --
<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>
-- s3:GetBucketVersioning bucket=beta region=eu-west-1 error=AccessDenied --
`

func TestScanOfTwoPages(t *testing.T) {
	s := twoBucketScan(t)
	refused := posture.Cause{
		Reason: posture.Denied, Operation: "s3:GetBucketVersioning",
		Code: "AccessDenied", Permission: "s3:GetBucketVersioning",
	}
	beta := s.get(t, "beta")
	want := []posture.Unread{{Field: "versioning", Cause: refused}}
	var got []posture.Unread
	for _, unread := range beta.Unread {
		if unread.Field == "versioning" {
			got = append(got, unread)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unread of beta (-want +got):\n%s", diff)
	}
	population := []posture.Population{{Type: "AWS::S3::Bucket", Region: posture.Global, Count: 2, Complete: true}}
	if diff := cmp.Diff(population, s.Coverage.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
}

func twoBucketScan(t *testing.T) scanned {
	t.Helper()
	want := wantAll("AWS::S3::Bucket")
	want["AWS::S3::Bucket"] = []string{"versioning"}
	return scanWant(t, serve(t, cloudOf(loadEstate(t, twoBuckets))), want)
}
