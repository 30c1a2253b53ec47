package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ClassicLoadBalancer is what rules may ask of a Classic Load Balancer.
type ClassicLoadBalancer struct {
	Zones     int64 `json:"zones"`      // in how many Availability Zones it has a node
	CrossZone bool  `json:"cross_zone"` // each node hands requests to the instances of all zones
	Drains    bool  `json:"drains"`     // requests under way may end when an instance leaves

	InternetFacing      bool     `json:"internet_facing"`      // it has public addresses
	PlainListeners      []string `json:"plain_listeners"`      // listeners without TLS: HTTP:80, TCP:25
	ForeignCertificates []string `json:"foreign_certificates"` // listeners with TLS whose certificate is not one of ACM, which renews its own: HTTPS:443
}

var classicLoadBalancers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ElasticLoadBalancing::LoadBalancer",
		Service: "elasticloadbalancing",
		Doc:     ClassicLoadBalancer{},
		Calls: []scanners.Call{
			{Op: "elb:DescribeLoadBalancers", Permission: "elasticloadbalancing:DescribeLoadBalancers"},
			{Op: "elb:DescribeLoadBalancerAttributes", Permission: "elasticloadbalancing:DescribeLoadBalancerAttributes", Each: true, For: []string{"cross_zone", "drains"}},
			{Op: "elb:DescribeTags", Permission: "elasticloadbalancing:DescribeTags", For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/ec2/home?region={region}#LoadBalancers:search={name}"},
	},
	Scan: scanClassicLoadBalancers,
}

func classicClient(p *engine.Place) *classic.Client { return engine.Client(p, classic.NewFromConfig) }

// classicList lists the Classic Load Balancers, once per region. With an error
// come those that were listed before it.
func classicList(ctx context.Context, p *engine.Place) ([]types.LoadBalancerDescription, error) {
	return engine.Once(p, "classic load balancers", func() ([]types.LoadBalancerDescription, error) {
		pages := classic.NewDescribeLoadBalancersPaginator(classicClient(p), &classic.DescribeLoadBalancersInput{PageSize: aws.Int32(400)})
		return engine.ListAll(ctx, pages, func(page *classic.DescribeLoadBalancersOutput) []types.LoadBalancerDescription {
			return page.LoadBalancerDescriptions
		})
	})
}

var errNoAttributes error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer has no attributes of the load balancer"}

// classicAttributes returns the attributes of a Classic Load Balancer, asked once.
func classicAttributes(ctx context.Context, p *engine.Place, name *string) (*types.LoadBalancerAttributes, error) {
	return engine.Once(p, "attributes of classic load balancer "+aws.ToString(name), func() (*types.LoadBalancerAttributes, error) {
		out, err := classicClient(p).DescribeLoadBalancerAttributes(ctx, &classic.DescribeLoadBalancerAttributesInput{LoadBalancerName: name})
		if err != nil {
			return nil, err
		}
		if out.LoadBalancerAttributes == nil {
			return nil, engine.Malformed("elb:DescribeLoadBalancerAttributes", errNoAttributes)
		}
		return out.LoadBalancerAttributes, nil
	})
}

func scanClassicLoadBalancers(ctx context.Context, p *engine.Place) error {
	balancers, err := classicList(ctx, p)
	for batch := range slices.Chunk(balancers, 20) { // as many as one call for tags takes
		tags, tagErr := classicTags(ctx, p, batch)
		read := func(ctx context.Context, p *engine.Place, balancer types.LoadBalancerDescription) {
			r := p.Read()
			if r.Wants("tags") {
				r.Got(tagErr, "tags")
			}
			readClassicLoadBalancer(ctx, r, balancer, tags[aws.ToString(balancer.LoadBalancerName)])
		}
		if ended := engine.Each(ctx, p, batch, read); ended != nil {
			return cmp.Or(err, ended)
		}
	}
	return err
}

// classicTags returns the tags of up to 20 load balancers by name, and nothing
// when no rule wants tags.
func classicTags(ctx context.Context, p *engine.Place, balancers []types.LoadBalancerDescription) (map[string]map[string]string, error) {
	if !p.Wants("tags") {
		return nil, nil
	}
	var names []string
	for _, balancer := range balancers {
		names = append(names, aws.ToString(balancer.LoadBalancerName))
	}
	out, err := classicClient(p).DescribeTags(ctx, &classic.DescribeTagsInput{LoadBalancerNames: names})
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]string{}
	for _, d := range out.TagDescriptions {
		found[aws.ToString(d.LoadBalancerName)] = engine.Tags(d.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	}
	return found, nil
}

func readClassicLoadBalancer(ctx context.Context, r *engine.Reading, balancer types.LoadBalancerDescription, tags map[string]string) {
	doc := ClassicLoadBalancer{Zones: int64(len(balancer.AvailabilityZones))}
	if doc.Zones == 0 {
		r.Absent("elb:DescribeLoadBalancers", "zones")
	}
	doc.InternetFacing = word(r, aws.ToString(balancer.Scheme), "elb:DescribeLoadBalancers", "internet_facing") == "internet-facing"
	readClassicListeners(r, balancer, &doc)
	if r.Wants("cross_zone", "drains") {
		attributes, err := classicAttributes(ctx, r.Place, balancer.LoadBalancerName)
		if err != nil && engine.NotConfigured(err, "LoadBalancerNotFound") == nil {
			return // deleted meanwhile
		}
		if r.Got(err, "cross_zone", "drains") {
			setClassicAttributes(r, attributes, &doc)
		}
	}
	name := aws.ToString(balancer.LoadBalancerName)
	r.Emit(r.Place.ARN("elasticloadbalancing", "loadbalancer/"+name), name, tags, &doc)
}

func setClassicAttributes(r *engine.Reading, attributes *types.LoadBalancerAttributes, doc *ClassicLoadBalancer) {
	const op = "elb:DescribeLoadBalancerAttributes"
	if cross := attributes.CrossZoneLoadBalancing; cross != nil {
		doc.CrossZone = cross.Enabled
	} else {
		r.Absent(op, "cross_zone")
	}
	if draining := attributes.ConnectionDraining; draining != nil {
		doc.Drains = draining.Enabled
	} else {
		r.Absent(op, "drains")
	}
}
