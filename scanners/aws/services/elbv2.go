package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ELBLoadBalancer is what rules may ask of an application, network or gateway
// load balancer.
type ELBLoadBalancer struct {
	Kind               string   `json:"kind"`                // application, network or gateway
	InternetFacing     bool     `json:"internet_facing"`     // it has public addresses
	Zones              int64    `json:"zones"`               // in how many Availability Zones it has a node
	Edge               bool     `json:"edge"`                // it has a node on an Outpost, or in a Local or Wavelength Zone
	TLSListeners       bool     `json:"tls_listeners"`       // a network load balancer with a TLS listener; others are logged by the request
	Alarmed            []string `json:"alarmed"`             // metrics that rules ask for, and that an alarm watches that somebody hears of, in order
	DeletionProtection bool     `json:"deletion_protection"` // it refuses to be deleted
	AccessLogs         bool     `json:"access_logs"`         // requests are logged to a bucket; false for gateways, which cannot
	DropsBadHeaders    bool     `json:"drops_bad_headers"`   // malformed header fields are removed; false for all but application
	DesyncMode         string   `json:"desync_mode"`         // monitor, defensive or strictest; empty for all but application
	WebACL             bool     `json:"web_acl"`             // requests pass a web ACL of AWS WAF; false for all but application

	Targets []ELBTargets `json:"targets"` // its target groups with targets in Availability Zones, in order
}

// elbAttributes maps the fields that an attribute gives to the attribute.
var elbAttributes = map[string]string{
	"deletion_protection": "deletion_protection.enabled",
	"access_logs":         "access_logs.s3.enabled",
	"drops_bad_headers":   "routing.http.drop_invalid_header_fields.enabled",
	"desync_mode":         "routing.http.desync_mitigation_mode",
}

var elbLoadBalancers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ElasticLoadBalancingV2::LoadBalancer",
		Service: "elasticloadbalancingv2",
		Doc:     ELBLoadBalancer{},
		Calls: slices.Concat(guardedCalls(), []scanners.Call{
			alarmedCall,
			{Op: "elasticloadbalancing:DescribeLoadBalancers"},
			{Op: "elasticloadbalancing:DescribeLoadBalancerAttributes", Each: true, For: []string{"deletion_protection", "access_logs", "drops_bad_headers", "desync_mode"}},
			{Op: "elasticloadbalancing:DescribeListeners", Each: true, For: []string{"tls_listeners"}},
			{Op: "elasticloadbalancing:DescribeTags", For: []string{"tags"}},
			{Op: describeTargetGroups, For: []string{"targets"}},
			{Op: describeTargetHealth, Each: true, For: []string{"targets"}},
			{Op: "ec2:DescribeNetworkInterfaces", For: []string{"targets"}},
		}),
		Console: scanners.Console{Path: "/ec2/home?region={region}#LoadBalancer:loadBalancerArn={id}"},
	},
	Scan: scanELBLoadBalancers,
}

func elbClient(p *engine.Place) *elb.Client { return engine.Client(p, elb.NewFromConfig) }

// elbList lists the load balancers, once per region. With an error come those
// that were listed before it.
func elbList(ctx context.Context, p *engine.Place) ([]types.LoadBalancer, error) {
	return engine.Once(p, "elbv2 load balancers", func() ([]types.LoadBalancer, error) {
		pages := elb.NewDescribeLoadBalancersPaginator(elbClient(p), &elb.DescribeLoadBalancersInput{PageSize: aws.Int32(400)})
		return engine.ListAll(ctx, pages, func(page *elb.DescribeLoadBalancersOutput) []types.LoadBalancer { return page.LoadBalancers })
	})
}

func scanELBLoadBalancers(ctx context.Context, p *engine.Place) error {
	balancers, err := elbList(ctx, p)
	for batch := range slices.Chunk(balancers, 20) { // as many as one call for tags takes
		tags, tagErr := elbTags(ctx, p, batch)
		read := func(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) {
			r := p.Read()
			if r.Wants("tags") {
				r.Got(tagErr, "tags")
			}
			readELBLoadBalancer(ctx, p, r, balancer, tags[aws.ToString(balancer.LoadBalancerArn)])
		}
		if ended := engine.Each(ctx, p, batch, read); ended != nil {
			return ended
		}
	}
	return err
}

// elbTags returns the tags of up to 20 load balancers by ARN, and nothing when
// no rule wants tags.
func elbTags(ctx context.Context, p *engine.Place, balancers []types.LoadBalancer) (map[string]map[string]string, error) {
	if !p.Wants("tags") {
		return nil, nil
	}
	var arns []string
	for _, balancer := range balancers {
		arns = append(arns, aws.ToString(balancer.LoadBalancerArn))
	}
	out, err := elbClient(p).DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: arns})
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]string{}
	for _, d := range out.TagDescriptions {
		found[aws.ToString(d.ResourceArn)] = engine.Tags(d.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	}
	return found, nil
}

func readELBLoadBalancer(ctx context.Context, p *engine.Place, r *engine.Reading, balancer types.LoadBalancer, tags map[string]string) {
	doc := ELBLoadBalancer{
		Kind:           string(choice(r, balancer.Type, "elasticloadbalancing:DescribeLoadBalancers", "kind")),
		InternetFacing: readInternetFacing(r, balancer),
		Zones:          int64(len(balancer.AvailabilityZones)),
		Edge:           slices.ContainsFunc(balancer.AvailabilityZones, func(z types.AvailabilityZone) bool { return onEdge(p, z) }),
	}
	if len(balancer.AvailabilityZones) == 0 {
		r.Absent("elasticloadbalancing:DescribeLoadBalancers", "zones", "edge")
	}
	if balancer.Type == types.LoadBalancerTypeEnumNetwork && r.Wants("tls_listeners") {
		listeners, err := elbListenerList(ctx, p, balancer)
		doc.TLSListeners = slices.ContainsFunc(listeners, func(l types.Listener) bool { return l.Protocol == types.ProtocolEnumTls })
		if !doc.TLSListeners {
			for _, listener := range listeners {
				err = cmp.Or(err, answered(listener.Protocol, "elasticloadbalancing:DescribeListeners"))
			}
			r.Got(err, "tls_listeners")
		}
	}
	fields := elbFields(balancer.Type)
	if r.Wants(fields...) {
		values, err := elbAttributeValues(ctx, p, balancer)
		if r.Got(err, fields...) {
			setELBAttributes(r, &doc, values, fields)
		}
	}
	if balancer.Type == types.LoadBalancerTypeEnumApplication {
		doc.WebACL = readGuarded(ctx, r, balancer.LoadBalancerArn)
	}
	doc.Targets = readELBTargets(ctx, r, balancer)
	doc.Alarmed = readAlarmed(ctx, r, elbMeasured(balancer))
	r.Emit(aws.ToString(balancer.LoadBalancerArn), aws.ToString(balancer.LoadBalancerName), tags, &doc)
}

// readInternetFacing reports whether a load balancer has public addresses, which
// gateways never have.
func readInternetFacing(r *engine.Reading, balancer types.LoadBalancer) bool {
	return balancer.Type != types.LoadBalancerTypeEnumGateway &&
		choice(r, balancer.Scheme, "elasticloadbalancing:DescribeLoadBalancers", "internet_facing") == types.LoadBalancerSchemeEnumInternetFacing
}

// elbMeasured returns the metrics of a load balancer. They name it by the end of
// its ARN: app/web/50dc6c495c0c9188.
func elbMeasured(balancer types.LoadBalancer) measured {
	_, name, _ := strings.Cut(aws.ToString(balancer.LoadBalancerArn), ":loadbalancer/")
	m := measured{by: map[string]string{"LoadBalancer": name}, metrics: []string{"UnHealthyHostCount"}}
	switch balancer.Type {
	case types.LoadBalancerTypeEnumApplication:
		m.namespace = "AWS/ApplicationELB"
		m.metrics = append(m.metrics, "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "TargetResponseTime")
	case types.LoadBalancerTypeEnumNetwork:
		m.namespace = "AWS/NetworkELB"
	case types.LoadBalancerTypeEnumGateway:
		m.namespace = "AWS/GatewayELB"
	}
	return m
}

// onEdge reports whether a node of a load balancer is outside of the region's
// own zones. Without the zone's name it is not taken to be.
func onEdge(p *engine.Place, zone types.AvailabilityZone) bool {
	name := aws.ToString(zone.ZoneName)
	return aws.ToString(zone.OutpostId) != "" || name != "" && !isZone(p, name)
}

// elbFields returns the fields that a kind of load balancer has attributes for.
func elbFields(kind types.LoadBalancerTypeEnum) []string {
	switch kind {
	case types.LoadBalancerTypeEnumApplication:
		return []string{"deletion_protection", "access_logs", "drops_bad_headers", "desync_mode"}
	case types.LoadBalancerTypeEnumNetwork:
		return []string{"deletion_protection", "access_logs"}
	default:
		return []string{"deletion_protection"}
	}
}

// elbAttributeValues returns the attributes of a load balancer, asked once.
func elbAttributeValues(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) (map[string]string, error) {
	return engine.Once(p, "attributes of "+aws.ToString(balancer.LoadBalancerArn), func() (map[string]string, error) {
		out, err := elbClient(p).DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: balancer.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for _, attribute := range out.Attributes {
			values[aws.ToString(attribute.Key)] = aws.ToString(attribute.Value)
		}
		return values, nil
	})
}

// setELBAttributes takes the fields from the attributes. A field whose
// attribute is not in the answer is unread.
func setELBAttributes(r *engine.Reading, doc *ELBLoadBalancer, values map[string]string, fields []string) {
	for _, field := range fields {
		if _, answered := values[elbAttributes[field]]; !answered {
			r.Absent("elasticloadbalancing:DescribeLoadBalancerAttributes", field)
		}
	}
	doc.DeletionProtection = values[elbAttributes["deletion_protection"]] == "true"
	doc.AccessLogs = values[elbAttributes["access_logs"]] == "true"
	doc.DropsBadHeaders = values[elbAttributes["drops_bad_headers"]] == "true"
	doc.DesyncMode = values[elbAttributes["desync_mode"]]
}
