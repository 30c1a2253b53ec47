package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ACMCertificate is what rules may ask of a certificate of Certificate Manager.
type ACMCertificate struct {
	Status       string    `json:"status"`        // ISSUED, EXPIRED, PENDING_VALIDATION, ...
	Kind         string    `json:"kind"`          // AMAZON_ISSUED, IMPORTED or PRIVATE
	KeyAlgorithm string    `json:"key_algorithm"` // RSA_1024, RSA_2048, EC_prime256v1, ...
	InUse        bool      `json:"in_use"`        // a resource of AWS uses it, or somebody exported it
	Expires      time.Time `json:"expires"`       // when it ends; the zero time for what was never issued
}

var acmCertificates = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CertificateManager::Certificate",
		Service: "acm",
		Doc:     ACMCertificate{},
		Calls: []scanners.Call{
			{Op: "acm:ListCertificates"},
			{Op: "acm:ListTagsForCertificate", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/acm/home?region={region}#/certificates/{last}"},
	},
	Scan: scanACMCertificates,
}

func acmClient(p *engine.Place) *acm.Client { return engine.Client(p, acm.NewFromConfig) }

// scanACMCertificates names every kind of key: otherwise those of RSA with 2048
// bits alone are listed.
func scanACMCertificates(ctx context.Context, p *engine.Place) error {
	pages := acm.NewListCertificatesPaginator(acmClient(p), &acm.ListCertificatesInput{
		MaxItems: aws.Int32(1000), Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()},
	})
	return engine.EachListed(ctx, p, pages, func(page *acm.ListCertificatesOutput) []types.CertificateSummary { return page.CertificateSummaryList }, readACMCertificate)
}

func readACMCertificate(ctx context.Context, p *engine.Place, certificate types.CertificateSummary) {
	const op = "acm:ListCertificates"
	r := p.Read()
	doc := ACMCertificate{
		Status:       string(choice(r, certificate.Status, op, "status")),
		Kind:         string(choice(r, certificate.Type, op, "kind")),
		KeyAlgorithm: string(choice(r, certificate.KeyAlgorithm, op, "key_algorithm")),
		InUse:        aws.ToBool(certificate.Exported) || r.Flag(certificate.InUse, op, "in_use"),
		Expires:      aws.ToTime(certificate.NotAfter),
	}
	if doc.Expires.IsZero() && (doc.Status == string(types.CertificateStatusIssued) || doc.Status == string(types.CertificateStatusExpired)) {
		r.Absent(op, "expires")
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := acmClient(p).ListTagsForCertificate(ctx, &acm.ListTagsForCertificateInput{CertificateArn: certificate.CertificateArn})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(certificate.CertificateArn), aws.ToString(certificate.DomainName), tags, &doc)
}
