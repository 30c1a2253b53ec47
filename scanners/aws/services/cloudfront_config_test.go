package services

import (
	"testing"

	"posture/internal/posture"
)

// soundDistribution is what a configuration says of origins, certificate and web
// ACL where a test is about something else.
const soundDistribution = soundEdge + "<Origins><Items><Origin><Id>web</Id><DomainName>api.example.com</DomainName><CustomOriginConfig><OriginProtocolPolicy>https-only</OriginProtocolPolicy>" + currentTLS + "</CustomOriginConfig></Origin></Items></Origins>"

const (
	soundEdge  = "<WebACLId/><ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><MinimumProtocolVersion>TLSv1</MinimumProtocolVersion></ViewerCertificate>"
	currentTLS = "<OriginSslProtocols><Items><SslProtocol>TLSv1.2</SslProtocol></Items></OriginSslProtocols>"
)

// TestCloudFrontProtocols is of what viewers and origins may be asked with.
func TestCloudFrontProtocols(t *testing.T) {
	const config = "cloudfront:GetDistributionConfig"
	const safe, plain = "<ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>", "<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>"
	const target = "<TargetOriginId>web</TargetOriginId><AllowedMethods><Items><Method>POST</Method></Items></AllowedMethods>"
	const current, identity = currentTLS, "<S3OriginConfig><OriginAccessIdentity>origin-access-identity/cloudfront/E9</OriginAccessIdentity></S3OriginConfig>"
	with := func(rest string) map[string]string {
		return map[string]string{
			"cloudfront:ListDistributions": "<DistributionList><IsTruncated>false</IsTruncated><Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::111122223333:distribution/E1</ARN></DistributionSummary></Items></DistributionList>",
			config + " Id=E1":              "<DistributionConfig><Enabled>true</Enabled><Logging><Enabled>false</Enabled></Logging>" + soundEdge + rest + "</DistributionConfig>",
		}
	}
	asked := func(of string) string { return "<DefaultCacheBehavior>" + target + of + "</DefaultCacheBehavior>" }
	path := func(of string) string {
		return "<CacheBehaviors><Items><CacheBehavior><PathPattern>/a</PathPattern>" + target + of + "</CacheBehavior></Items></CacheBehaviors>"
	}
	origin := func(address, rest string) string {
		return "<Origin><Id>web</Id><DomainName>" + address + "</DomainName>" + rest + "</Origin>"
	}
	custom := func(policy, rest string) string {
		return "<CustomOriginConfig><OriginProtocolPolicy>" + policy + "</OriginProtocolPolicy>" + rest + "</CustomOriginConfig>"
	}
	control := func(id string) string {
		return "<OriginAccessControlId>" + id + "</OriginAccessControlId><S3OriginConfig><OriginAccessIdentity/></S3OriginConfig>"
	}
	listed := func(sections map[string]string, behavior string) map[string]string {
		sections[listAccessControls] = "<OriginAccessControlList><Items><OriginAccessControlSummary><Id>E9</Id>" + behavior + "</OriginAccessControlSummary></Items></OriginAccessControlList>"
		return sections
	}
	of := func(all string) string { return "<Origins><Items>" + all + "</Items></Origins>" }
	sound := of(origin("api.example.com", custom("https-only", current)))
	is := func(doc CloudFrontDistribution, unread ...posture.Unread) []posture.Resource {
		doc.Enabled, doc.TLSPolicy = true, "TLSv1"
		return []posture.Resource{{Region: posture.Global, ID: "arn:aws:cloudfront::111122223333:distribution/E1", Name: "E1", Doc: &doc, Unread: unread}}
	}
	testReading(t, "AWS::CloudFront::Distribution", []readingTest{
		{name: "one path is plain", sections: with(sound + asked(safe) + path(plain)), want: is(CloudFrontDistribution{PlainViewers: true})},
		{name: "one path does not say", sections: with(sound + asked(safe) + path("")), want: is(CloudFrontDistribution{}, unsaid(config, "plain_viewers")...)},
		{name: "one path is plain, another does not say", sections: with(sound + asked("") + path(plain)), want: is(CloudFrontDistribution{PlainViewers: true})},
		{name: "asked as the viewer asks, which is not said", sections: with(asked("") + of(origin("api.example.com", custom("match-viewer", current)))),
			want: is(CloudFrontDistribution{}, unsaid(config, "plain_origins", "plain_viewers")...)},
		{name: "asked as the viewer asks, over HTTPS", sections: with(asked(safe) + of(origin("api.example.com", custom("match-viewer", current)))), want: is(CloudFrontDistribution{})},
		{name: "a website of S3", sections: with(asked(safe) + of(origin("web.s3-website-us-east-1.amazonaws.com", custom("http-only", "")))),
			want: is(CloudFrontDistribution{PlainOrigins: []string{"web.s3-website-us-east-1.amazonaws.com"}})},
		{name: "versions that are not said", sections: with(asked(safe) + of(origin("api.example.com", custom("https-only", "")))), want: is(CloudFrontDistribution{}, unsaid(config, "old_tls_origins")...)},
		{name: "a protocol that is not said", sections: with(asked(safe) + of(origin("api.example.com", custom("", "")))), want: is(CloudFrontDistribution{}, unsaid(config, "old_tls_origins", "plain_origins")...)},
		{name: "buckets", sections: with(asked(safe) + of(origin("b.s3.amazonaws.com", identity)+origin("a.s3.dualstack.eu-west-1.amazonaws.com", custom("https-only", current)))),
			want: is(CloudFrontDistribution{IdentityOrigins: []string{"b.s3.amazonaws.com"}, OpenOrigins: []string{"a.s3.dualstack.eu-west-1.amazonaws.com"}})},
		{name: "buckets asked without a signature", sections: with(asked(safe) + of(origin("b.s3.amazonaws.com", control("E9"))+origin("a.s3.amazonaws.com", control("E8"))+origin("c.lambda-url.us-east-1.on.aws", custom("https-only", current)+"<OriginAccessControlId>E8</OriginAccessControlId>"))),
			want: is(CloudFrontDistribution{OpenOrigins: []string{"a.s3.amazonaws.com"}})},
		{name: "an origin access control that is not listed", sections: with(asked(safe) + of(origin("b.s3.amazonaws.com", control("E7")))),
			want: is(CloudFrontDistribution{}, posture.Unread{Field: "open_origins", Cause: posture.Cause{Reason: posture.NotFound, Operation: listAccessControls}})},
		{name: "a signing behavior that is not known", sections: listed(with(asked(safe)+of(origin("b.s3.amazonaws.com", control("E9")))), "<SigningBehavior>sometimes</SigningBehavior>"),
			want: is(CloudFrontDistribution{}, unknownValue(listAccessControls, "open_origins")...)},
		{name: "a signing behavior that is not said", sections: listed(with(asked(safe)+of(origin("b.s3.amazonaws.com", control("E9")))), ""),
			want: is(CloudFrontDistribution{}, unsaid(listAccessControls, "open_origins")...)},
		{name: "origin access controls refused", sections: besides(with(asked(safe)+of(origin("b.s3.amazonaws.com", control("E9")))), listAccessControls+" error=AccessDenied status=403"),
			want: is(CloudFrontDistribution{}, refused(listAccessControls, "AccessDenied", listAccessControls, "open_origins")...)},
		{name: "their second page refused, the first has what signs nothing", sections: besides(with(asked(safe)+of(origin("b.s3.amazonaws.com", control("E9"))+origin("a.s3.amazonaws.com", control("E8")))), listAccessControls+" Marker=two error=AccessDenied status=403"),
			want: is(CloudFrontDistribution{OpenOrigins: []string{"a.s3.amazonaws.com"}})},
		{name: "a policy for viewers that is not known", sections: with(sound + asked("<ViewerProtocolPolicy>quic</ViewerProtocolPolicy>")), want: is(CloudFrontDistribution{}, unknownValue(config, "plain_viewers")...)},
		{name: "a protocol that is not known", sections: with(asked(safe) + of(origin("api.example.com", custom("quic", current)))), want: is(CloudFrontDistribution{}, unknownValue(config, "plain_origins")...)},
		{name: "a version that is not known", sections: with(asked(safe) + of(origin("api.example.com", custom("https-only", "<OriginSslProtocols><Items><SslProtocol>TLSv1.9</SslProtocol></Items></OriginSslProtocols>")))), want: is(CloudFrontDistribution{}, unknownValue(config, "old_tls_origins")...)},
		{name: "in a VPC", sections: with(asked(safe) + of(origin("api.internal", "<VpcOriginConfig><VpcOriginId>vo_1</VpcOriginId></VpcOriginConfig>"))), want: is(CloudFrontDistribution{})},
		{name: "for tenants", sections: with(sound + asked(safe) + "<ConnectionMode>tenant-only</ConnectionMode>"), want: is(CloudFrontDistribution{ForTenants: true})},
	})
}
