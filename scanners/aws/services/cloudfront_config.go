package services

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// readViewers reads how viewers may ask, and what filters their requests.
func (doc *CloudFrontDistribution) readViewers(r *engine.Reading, config *types.DistributionConfig) {
	if config.WebACLId == nil {
		r.Absent(getDistributionConfig, "web_acl")
	}
	doc.WebACL = aws.ToString(config.WebACLId) != ""
	viewers := config.ViewerCertificate
	if viewers == nil {
		r.Absent(getDistributionConfig, "own_certificate", "tls_policy")
		return
	}
	doc.OwnCertificate = aws.ToString(viewers.ACMCertificateArn) != "" || aws.ToString(viewers.IAMCertificateId) != ""
	doc.TLSPolicy = word(r, viewers.MinimumProtocolVersion, getDistributionConfig, "tls_policy")
}

// plainViewers reports whether a path may be asked over plain HTTP. That one may
// is certain, whatever is said of the others.
func plainViewers(config *types.DistributionConfig) (plain bool, err error) {
	policies := []types.ViewerProtocolPolicy{""}
	if config.DefaultCacheBehavior != nil {
		policies[0] = config.DefaultCacheBehavior.ViewerProtocolPolicy
	}
	if config.CacheBehaviors != nil {
		for _, path := range config.CacheBehaviors.Items {
			policies = append(policies, path.ViewerProtocolPolicy)
		}
	}
	for _, policy := range policies {
		if policy == types.ViewerProtocolPolicyAllowAll {
			return true, nil
		}
		err = cmp.Or(err, answered(policy, getDistributionConfig))
	}
	return false, err
}

// readProtocols reads which requests, of viewers and to origins, may be plain or
// use old versions of TLS. Origins in a VPC have their protocol in a resource of
// their own.
func (doc *CloudFrontDistribution) readProtocols(r *engine.Reading, config *types.DistributionConfig) {
	plain, unclear := plainViewers(config)
	r.Got(unclear, "plain_viewers")
	doc.PlainViewers = plain
	var plainErr, oldErr error
	for _, origin := range origins(config) {
		if origin.CustomOriginConfig == nil {
			continue
		}
		address, policy := aws.ToString(origin.DomainName), origin.CustomOriginConfig.OriginProtocolPolicy
		plainErr = cmp.Or(plainErr, answered(policy, getDistributionConfig))
		if policy == types.OriginProtocolPolicyMatchViewer {
			plainErr = cmp.Or(plainErr, unclear)
		}
		if policy == types.OriginProtocolPolicyHttpOnly || policy == types.OriginProtocolPolicyMatchViewer && plain {
			doc.PlainOrigins = append(doc.PlainOrigins, address)
		}
		old, err := oldTLS(origin.CustomOriginConfig)
		oldErr = cmp.Or(oldErr, err)
		if old {
			doc.OldTLSOrigins = append(doc.OldTLSOrigins, address)
		}
	}
	r.Got(plainErr, "plain_origins")
	r.Got(oldErr, "old_tls_origins")
}

// oldTLS reports whether an origin may be asked with an old version of TLS. One
// that is asked over plain HTTP alone is asked with none.
func oldTLS(origin *types.CustomOriginConfig) (old bool, err error) {
	if origin.OriginProtocolPolicy == types.OriginProtocolPolicyHttpOnly {
		return false, nil
	}
	if origin.OriginSslProtocols == nil || len(origin.OriginSslProtocols.Items) == 0 {
		return false, engine.Malformed(getDistributionConfig, errNoValue)
	}
	for _, version := range origin.OriginSslProtocols.Items {
		switch version {
		case types.SslProtocolSSLv3, types.SslProtocolTLSv1, types.SslProtocolTLSv11:
			return true, nil
		}
		err = cmp.Or(err, answered(version, getDistributionConfig))
	}
	return false, err
}

// bucketAddress and siteAddress match the addresses of buckets; those of
// websites take no identity.
var (
	bucketAddress = regexp.MustCompile(`[.]s3([.-](dualstack[.])?[a-z0-9-]+)?[.]amazonaws[.]com([.]cn)?$`)
	siteAddress   = regexp.MustCompile(`[.]s3-website[.-]`)
)

// readBucketOrigins reads how CloudFront identifies itself to buckets.
func (doc *CloudFrontDistribution) readBucketOrigins(ctx context.Context, r *engine.Reading, config *types.DistributionConfig) {
	var unclear error
	for _, origin := range origins(config) {
		address := aws.ToString(origin.DomainName)
		switch control := aws.ToString(origin.OriginAccessControlId); {
		case origin.S3OriginConfig == nil && (!bucketAddress.MatchString(address) || siteAddress.MatchString(address)):
		case control != "":
			signed, err := readSigned(ctx, r, control)
			unclear = cmp.Or(unclear, err)
			if !signed {
				doc.OpenOrigins = append(doc.OpenOrigins, address)
			}
		case origin.S3OriginConfig != nil && aws.ToString(origin.S3OriginConfig.OriginAccessIdentity) != "":
			doc.IdentityOrigins = append(doc.IdentityOrigins, address)
		default:
			doc.OpenOrigins = append(doc.OpenOrigins, address)
		}
	}
	if len(doc.OpenOrigins) == 0 {
		r.Got(unclear, "open_origins")
	}
	if len(origins(config)) == 0 {
		r.Absent(getDistributionConfig, "plain_origins", "old_tls_origins", "open_origins", "identity_origins")
	}
}

var errNoControl error = &posture.ReasonError{Reason: posture.NotFound, Text: "the listing lacks an origin access control that a distribution names"}

// readSigned reports whether an origin access control signs requests. With an
// error it is not known to leave them unsigned.
func readSigned(ctx context.Context, r *engine.Reading, id string) (bool, error) {
	if !r.Wants("open_origins") {
		return true, nil
	}
	controls, err := accessControls(ctx, r.Place)
	how, listed := controls[id]
	switch {
	case listed:
		return how != types.OriginAccessControlSigningBehaviorsNever, answered(how, listAccessControls)
	case err != nil:
		return true, err
	default:
		return true, engine.Malformed(listAccessControls, errNoControl)
	}
}

// accessControls returns how the account's origin access controls sign, by id,
// listed once. With an error come those of the pages before it.
func accessControls(ctx context.Context, p *engine.Place) (map[string]types.OriginAccessControlSigningBehaviors, error) {
	return engine.Once(p.Home(), "origin access controls", func() (map[string]types.OriginAccessControlSigningBehaviors, error) {
		pages := &byToken[*cloudfront.ListOriginAccessControlsOutput]{
			ask: func(ctx context.Context, token *string) (*cloudfront.ListOriginAccessControlsOutput, error) {
				return cloudFrontClient(p).ListOriginAccessControls(ctx, &cloudfront.ListOriginAccessControlsInput{Marker: token})
			},
			next: func(page *cloudfront.ListOriginAccessControlsOutput) *string {
				return page.OriginAccessControlList.NextMarker
			},
		}
		found := map[string]types.OriginAccessControlSigningBehaviors{}
		return found, engine.EachPage(ctx, pages, func(page *cloudfront.ListOriginAccessControlsOutput) error {
			for _, control := range page.OriginAccessControlList.Items {
				found[aws.ToString(control.Id)] = control.SigningBehavior
			}
			return nil
		})
	})
}

// origins returns a distribution's origins, which has one at least, in the order
// of their addresses.
func origins(config *types.DistributionConfig) []types.Origin {
	if config.Origins == nil {
		return nil
	}
	return slices.SortedFunc(slices.Values(config.Origins.Items), func(a, b types.Origin) int {
		return cmp.Compare(aws.ToString(a.DomainName), aws.ToString(b.DomainName))
	})
}
