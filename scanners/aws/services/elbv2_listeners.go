package services

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
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
var elbListeners = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ElasticLoadBalancingV2::Listener",
		Service: "elasticloadbalancingv2",
		Doc:     ELBListener{},
		Calls: []scanners.Call{
			{Op: "elasticloadbalancing:DescribeLoadBalancers"},
			{Op: "elasticloadbalancing:DescribeListeners"},
		},
		Console: scanners.Console{Path: "/ec2/home?region={region}#ELBListenerV2:listenerArn={id}"},
	},
	Scan: scanELBListeners,
}

func scanELBListeners(ctx context.Context, p *engine.Place) error {
	balancers, listErr := elbList(ctx, p)
	var mu sync.Mutex
	err := engine.Each(ctx, p, balancers, func(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) {
		if err := readELBListeners(ctx, p, balancer); err != nil {
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
func readELBListeners(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) error {
	pages := elb.NewDescribeListenersPaginator(elbClient(p), &elb.DescribeListenersInput{
		LoadBalancerArn: balancer.LoadBalancerArn,
		PageSize:        aws.Int32(400),
	})
	err := engine.EachPage(ctx, pages, func(page *elb.DescribeListenersOutput) error {
		for _, listener := range page.Listeners {
			emitELBListener(p, balancer, listener)
		}
		return nil
	})
	var deleted *types.LoadBalancerNotFoundException
	if errors.As(err, &deleted) {
		return nil // since it was listed; its listeners went with it
	}
	return err
}

func emitELBListener(p *engine.Place, balancer types.LoadBalancer, listener types.Listener) {
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
	p.Read().Emit(aws.ToString(listener.ListenerArn), name, nil, &doc)
}
