package aws

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// ELBListener is what rules may ask of a load balancer's listener.
type ELBListener struct {
	Kind             string `json:"kind"`               // of the load balancer: application, network or gateway
	InternetFacing   bool   `json:"internet_facing"`    // the load balancer has public addresses
	Protocol         string `json:"protocol"`           // HTTP, HTTPS, TCP, TLS, UDP, ...
	Port             int64  `json:"port"`               // 0 for gateways
	RedirectsToHTTPS bool   `json:"redirects_to_https"` // what no further rule takes is redirected to HTTPS
	TLSPolicy        string `json:"tls_policy"`         // the security policy; empty where the protocol has no TLS
}

// Listeners are listed per load balancer.
var elbListeners = scanner{
	Type: "AWS::ElasticLoadBalancingV2::Listener",
	Doc:  ELBListener{},
	Calls: []call{
		{Op: "elasticloadbalancing:DescribeLoadBalancers"},
		{Op: "elasticloadbalancing:DescribeListeners"},
	},
	Scan: scanELBListeners,
}

func scanELBListeners(ctx context.Context, p *place) error {
	balancers, listErr := elbList(ctx, p)
	var mu sync.Mutex
	err := each(ctx, p, balancers, func(ctx context.Context, balancer types.LoadBalancer) {
		if err := p.readELBListeners(ctx, balancer); err != nil {
			mu.Lock()
			defer mu.Unlock()
			listErr = err
		}
	})
	if err != nil {
		return err
	}
	return listErr
}

// readELBListeners reads the listeners of one load balancer.
func (p *place) readELBListeners(ctx context.Context, balancer types.LoadBalancer) error {
	pages := elb.NewDescribeListenersPaginator(elbClient(p), &elb.DescribeListenersInput{
		LoadBalancerArn: balancer.LoadBalancerArn,
		PageSize:        aws.Int32(400),
	})
	err := eachPage(ctx, pages, func(page *elb.DescribeListenersOutput) error {
		for _, listener := range page.Listeners {
			p.emitELBListener(balancer, listener)
		}
		return nil
	})
	var deleted *types.LoadBalancerNotFoundException
	if errors.As(err, &deleted) {
		return nil // since it was listed; its listeners went with it
	}
	return err
}

func (p *place) emitELBListener(balancer types.LoadBalancer, listener types.Listener) {
	doc := ELBListener{
		Kind:           string(balancer.Type),
		InternetFacing: balancer.Scheme == types.LoadBalancerSchemeEnumInternetFacing,
		Protocol:       string(listener.Protocol),
		Port:           int64(aws.ToInt32(listener.Port)),
		TLSPolicy:      aws.ToString(listener.SslPolicy),
	}
	for _, action := range listener.DefaultActions {
		if to := action.RedirectConfig; action.Type == types.ActionTypeEnumRedirect && to != nil {
			doc.RedirectsToHTTPS = aws.ToString(to.Protocol) == "HTTPS"
		}
	}
	name := aws.ToString(balancer.LoadBalancerName) + ":" + strconv.FormatInt(doc.Port, 10)
	p.read().emit(aws.ToString(listener.ListenerArn), name, nil, &doc)
}
