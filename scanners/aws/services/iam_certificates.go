package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// IAMServerCertificate is what rules may ask of a TLS certificate that is
// kept in IAM.
type IAMServerCertificate struct {
	Expires time.Time `json:"expires"` // until when it is valid
}

var iamServerCertificates = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::ServerCertificate",
		Service: "iam",
		Doc:     IAMServerCertificate{},
		Global:  true,
		Calls:   []scanners.Call{{Op: "iam:ListServerCertificates"}},
		Console: scanners.Console{None: "the console shows no certificates of IAM"},
	},
	Scan: scanIAMServerCertificates,
}

func scanIAMServerCertificates(ctx context.Context, p *engine.Place) error {
	pages := iam.NewListServerCertificatesPaginator(iamClient(p), &iam.ListServerCertificatesInput{MaxItems: aws.Int32(1000)})
	list := func(page *iam.ListServerCertificatesOutput) []types.ServerCertificateMetadata {
		return page.ServerCertificateMetadataList
	}
	return engine.EachListed(ctx, p, pages, list, emitServerCertificate)
}

func emitServerCertificate(_ context.Context, p *engine.Place, certificate types.ServerCertificateMetadata) {
	r := p.Read()
	doc := IAMServerCertificate{Expires: aws.ToTime(certificate.Expiration)}
	if doc.Expires.IsZero() {
		r.Absent("iam:ListServerCertificates", "expires")
	}
	r.EmitIn(posture.Global, aws.ToString(certificate.Arn), aws.ToString(certificate.ServerCertificateName), nil, &doc)
}
