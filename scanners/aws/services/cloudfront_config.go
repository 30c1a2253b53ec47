package services

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

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

// viewerPolicies returns how each path may be asked, and "" for what the
// configuration does not say.
func viewerPolicies(config *types.DistributionConfig) []types.ViewerProtocolPolicy {
	all := []types.ViewerProtocolPolicy{""}
	if config.DefaultCacheBehavior != nil {
		all[0] = config.DefaultCacheBehavior.ViewerProtocolPolicy
	}
	if config.CacheBehaviors != nil {
		for _, path := range config.CacheBehaviors.Items {
			all = append(all, path.ViewerProtocolPolicy)
		}
	}
	return all
}

// readProtocols reads which requests, of viewers and to origins, may be plain or
// use old versions of TLS. Origins in a VPC have their protocol in a resource of
// their own.
func (doc *CloudFrontDistribution) readProtocols(r *engine.Reading, config *types.DistributionConfig) {
	unsaid := map[string]bool{}
	policies := viewerPolicies(config)
	doc.PlainViewers = slices.Contains(policies, types.ViewerProtocolPolicyAllowAll)
	unsaid["plain_viewers"] = !doc.PlainViewers && slices.Contains(policies, "")
	for _, origin := range origins(config) {
		if origin.CustomOriginConfig == nil {
			continue
		}
		address, policy := aws.ToString(origin.DomainName), origin.CustomOriginConfig.OriginProtocolPolicy
		matches := policy == types.OriginProtocolPolicyMatchViewer
		if policy == types.OriginProtocolPolicyHttpOnly || matches && doc.PlainViewers {
			doc.PlainOrigins = append(doc.PlainOrigins, address)
		}
		if policy == "" || matches && unsaid["plain_viewers"] {
			unsaid["plain_origins"] = true
		}
		versions := origin.CustomOriginConfig.OriginSslProtocols
		switch {
		case policy == types.OriginProtocolPolicyHttpOnly: // no TLS at all
		case versions == nil || len(versions.Items) == 0:
			unsaid["old_tls_origins"] = true
		case slices.ContainsFunc(versions.Items, isOldTLS):
			doc.OldTLSOrigins = append(doc.OldTLSOrigins, address)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(unsaid)) {
		if unsaid[field] {
			r.Absent(getDistributionConfig, field)
		}
	}
}

func isOldTLS(version types.SslProtocol) bool {
	return slices.Contains([]types.SslProtocol{types.SslProtocolSSLv3, types.SslProtocolTLSv1, types.SslProtocolTLSv11}, version)
}

// bucketAddress and siteAddress match the addresses of buckets; those of
// websites take no identity.
var (
	bucketAddress = regexp.MustCompile(`[.]s3([.-](dualstack[.])?[a-z0-9-]+)?[.]amazonaws[.]com([.]cn)?$`)
	siteAddress   = regexp.MustCompile(`[.]s3-website[.-]`)
)

// readBucketOrigins reads how CloudFront identifies itself to buckets.
func (doc *CloudFrontDistribution) readBucketOrigins(r *engine.Reading, config *types.DistributionConfig) {
	for _, origin := range origins(config) {
		address := aws.ToString(origin.DomainName)
		switch {
		case aws.ToString(origin.OriginAccessControlId) != "":
		case origin.S3OriginConfig != nil && aws.ToString(origin.S3OriginConfig.OriginAccessIdentity) != "":
			doc.IdentityOrigins = append(doc.IdentityOrigins, address)
		case origin.S3OriginConfig != nil || bucketAddress.MatchString(address) && !siteAddress.MatchString(address):
			doc.OpenOrigins = append(doc.OpenOrigins, address)
		}
	}
	if len(origins(config)) == 0 {
		r.Absent(getDistributionConfig, "plain_origins", "old_tls_origins", "open_origins", "identity_origins")
	}
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
