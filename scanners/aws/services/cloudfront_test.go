package services

import (
	"testing"

	"posture/internal/posture"
)

func TestCloudFrontDistributions(t *testing.T) {
	const config, sources, deliveries, tagged = "cloudfront:GetDistributionConfig", "logs:DescribeDeliverySources", "logs:DescribeDeliveries", "cloudfront:ListTagsForResource"
	distribution := func(id string, doc CloudFrontDistribution, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{Region: posture.Global, ID: "arn:aws:cloudfront::111122223333:distribution/" + id, Name: id, Doc: &doc, Unread: unread}
		if id == "E2" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	silent := CloudFrontDistribution{
		Enabled: true, ReadOnlyPaths: 1, NoFailover: []string{"*"}, PlainViewers: true, TLSPolicy: "TLSv1",
		PlainOrigins: []string{"api.example.com"}, OldTLSOrigins: []string{"api.example.com"}, OpenOrigins: []string{"web.s3.us-east-1.amazonaws.com"},
	}
	logging := silent
	logging.AccessLogs = true
	logs := distribution("E2", CloudFrontDistribution{Enabled: true, AccessLogs: true, ReadOnlyPaths: 1, OwnCertificate: true, TLSPolicy: "TLSv1.2_2021", WebACL: true})
	with := func(rest string) map[string]string {
		return map[string]string{config + " Id=E1": "<DistributionConfig><CallerReference>2</CallerReference>" + rest + "</DistributionConfig>"}
	}
	const on, off = "<Enabled>true</Enabled>" + soundDistribution, "<Logging><Enabled>false</Enabled></Logging>"
	const reads, all = "<AllowedMethods><Items><Method>HEAD</Method><Method>GET</Method></Items></AllowedMethods>", "<AllowedMethods><Items><Method>GET</Method><Method>HEAD</Method><Method>OPTIONS</Method><Method>PUT</Method><Method>PATCH</Method><Method>POST</Method><Method>DELETE</Method></Items></AllowedMethods>"
	const httpsOnly = "<ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>"
	const toWeb, groups = "<TargetOriginId>web</TargetOriginId>" + httpsOnly, "<OriginGroups><Items><OriginGroup><Id>both</Id></OriginGroup></Items></OriginGroups>"
	const realTime = "<RealtimeLogConfigArn>arn:aws:cloudfront::111122223333:realtime-log-config/all</RealtimeLogConfigArn>"
	testReading(t, "AWS::CloudFront::Distribution", []readingTest{
		{name: "as they are", want: []posture.Resource{distribution("E1", silent), logs}},
		{name: "delivered by CloudWatch Logs", sections: map[string]string{sources + " nextToken=two": `{"deliverySources": [{"name": "web", "logType": "ACCESS_LOGS", "resourceArns": ["arn:aws:cloudfront::111122223333:distribution/E1"]}]}`},
			want: []posture.Resource{distribution("E1", logging), logs}},
		{name: "of connections alone", sections: map[string]string{sources + " nextToken=two": `{"deliverySources": [{"name": "web", "logType": "CONNECTION_LOGS", "resourceArns": ["arn:aws:cloudfront::111122223333:distribution/E1"]}]}`},
			want: []posture.Resource{distribution("E1", silent), logs}},
		{name: "in real time", sections: with(on + off + "<DefaultCacheBehavior>" + toWeb + reads + realTime + "</DefaultCacheBehavior>"),
			want: []posture.Resource{distribution("E1", CloudFrontDistribution{Enabled: true, AccessLogs: true, ReadOnlyPaths: 1, NoFailover: []string{"*"}, TLSPolicy: "TLSv1"}), logs}},
		{name: "in real time but for one path", sections: with(on + off + "<DefaultCacheBehavior>" + toWeb + reads + realTime + "</DefaultCacheBehavior><CacheBehaviors><Items><CacheBehavior><PathPattern>/a</PathPattern><TargetOriginId>both</TargetOriginId>" + httpsOnly + reads + "</CacheBehavior></Items></CacheBehaviors>" + groups),
			want: []posture.Resource{distribution("E1", CloudFrontDistribution{Enabled: true, ReadOnlyPaths: 2, NoFailover: []string{"*"}, TLSPolicy: "TLSv1"}), logs}},
		{name: "the default path takes uploads, another reads from one origin", sections: with(on + off + "<DefaultCacheBehavior>" + toWeb + all + "</DefaultCacheBehavior><CacheBehaviors><Items><CacheBehavior><PathPattern>/a</PathPattern>" + toWeb + reads + "</CacheBehavior></Items></CacheBehaviors>"),
			want: []posture.Resource{distribution("E1", CloudFrontDistribution{Enabled: true, ReadOnlyPaths: 1, NoFailover: []string{"/a"}, TLSPolicy: "TLSv1"}), logs}},
		{name: "switched off", sections: with("<Enabled>false</Enabled>" + soundDistribution + off + "<DefaultCacheBehavior>" + toWeb + all + "</DefaultCacheBehavior>"), want: []posture.Resource{distribution("E1", CloudFrontDistribution{TLSPolicy: "TLSv1"}), logs}},
		{name: "a configuration that says nothing", sections: with(""), want: []posture.Resource{distribution("E1", CloudFrontDistribution{}, unsaid(config, "access_logs", "enabled", "identity_origins", "no_failover", "old_tls_origins", "open_origins", "own_certificate", "plain_origins", "plain_viewers", "read_only_paths", "tls_policy", "web_acl")...), logs}},
		{name: "configuration refused", sections: map[string]string{config + " Id=E1 error=AccessDenied status=403": ""},
			want: []posture.Resource{distribution("E1", CloudFrontDistribution{}, refused(config, "AccessDenied", config, distributionFields...)...), logs}},
		{name: "deleted meanwhile", sections: map[string]string{config + " Id=E1 error=NoSuchDistribution status=404": ""}, want: []posture.Resource{logs}},
		{name: "sources refused", sections: map[string]string{sources + " error=AccessDeniedException": ""},
			want: []posture.Resource{distribution("E1", silent, refused(sources, "AccessDeniedException", sources, "access_logs")...), logs}},
		{name: "deliveries refused", sections: map[string]string{deliveries + " error=AccessDeniedException": ""},
			want: []posture.Resource{distribution("E1", silent, refused(deliveries, "AccessDeniedException", deliveries, "access_logs")...), logs}},
		{name: "tags refused", sections: map[string]string{tagged + " error=AccessDenied status=403": ""},
			want: []posture.Resource{distribution("E1", silent, refused(tagged, "AccessDenied", tagged, "tags")...), logs}},
		{name: "second page broken", sections: map[string]string{"cloudfront:ListDistributions Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{distribution("E1", silent)}, cause: brokenListing("cloudfront:ListDistributions")},
	})
}
