package aws

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
)

// IAMServerCertificate is what rules may ask of a TLS certificate that is
// kept in IAM.
type IAMServerCertificate struct {
	Expires time.Time `json:"expires"` // until when it is valid
}

var iamServerCertificates = scanner{
	Type:   "AWS::IAM::ServerCertificate",
	Doc:    IAMServerCertificate{},
	Global: true,
	Calls:  []call{{Op: "iam:ListServerCertificates"}},
	Scan:   scanIAMServerCertificates,
}

func scanIAMServerCertificates(ctx context.Context, p *place) error {
	pages := iam.NewListServerCertificatesPaginator(iamClient(p), &iam.ListServerCertificatesInput{MaxItems: aws.Int32(1000)})
	certificates, listErr := listAll(ctx, pages, func(page *iam.ListServerCertificatesOutput) []types.ServerCertificateMetadata {
		return page.ServerCertificateMetadataList
	})
	err := each(ctx, p, certificates, func(_ context.Context, certificate types.ServerCertificateMetadata) {
		r := p.read()
		doc := IAMServerCertificate{Expires: aws.ToTime(certificate.Expiration)}
		r.emitIn(posture.Global, aws.ToString(certificate.Arn), aws.ToString(certificate.ServerCertificateName), nil, &doc)
	})
	return cmp.Or(listErr, err)
}
