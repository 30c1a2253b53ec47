package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3Bucket is what rules may ask of a bucket.
type S3Bucket struct {
	Versioning bool `json:"versioning"` // versioning is Enabled, not Suspended
}

var s3Buckets = scanner{
	Type:   "AWS::S3::Bucket",
	Doc:    S3Bucket{},
	Global: true,
	Calls: []call{
		{Op: "s3:ListBuckets", Action: "s3:ListAllMyBuckets"},
		{Op: "s3:GetBucketVersioning", Each: true, For: []string{"versioning"}},
	},
	Scan: scanS3Buckets,
}

func s3Client(p *place) *s3.Client {
	return client(p, func(cfg aws.Config) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	})
}

func scanS3Buckets(ctx context.Context, p *place) error {
	pages := s3.NewListBucketsPaginator(s3Client(p), &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := each(ctx, p, page.Buckets, p.readS3Bucket); err != nil {
			return err
		}
	}
	return nil
}

func (p *place) readS3Bucket(ctx context.Context, bucket types.Bucket) {
	var doc S3Bucket
	r := p.read()
	region, name := aws.ToString(bucket.BucketRegion), aws.ToString(bucket.Name)
	client := s3Client(p.in(region))
	if r.Wants("versioning") {
		out, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
		if r.Got(err, "versioning") {
			doc.Versioning = out.Status == types.BucketVersioningStatusEnabled
		}
	}
	r.emitIn(region, "arn:"+p.partition+":s3:::"+name, name, nil, &doc)
}
