package services

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
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
	RulesServePlain  bool   `json:"rules_serve_plain"`  // a further rule answers plain HTTP with more than a redirect to HTTPS or a refusal; read where redirects_to_https
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
			{Op: "elasticloadbalancing:DescribeRules", Each: true, For: []string{"rules_serve_plain"}},
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
			emitELBListener(ctx, p, balancer, listener)
		}
		return nil
	})
	var deleted *types.LoadBalancerNotFoundException
	if errors.As(err, &deleted) {
		return nil // since it was listed; its listeners went with it
	}
	return err
}

func emitELBListener(ctx context.Context, p *engine.Place, balancer types.LoadBalancer, listener types.Listener) {
	doc := ELBListener{
		Kind:           string(balancer.Type),
		InternetFacing: balancer.Scheme == types.LoadBalancerSchemeEnumInternetFacing,
		Protocol:       string(listener.Protocol),
		Port:           int64(aws.ToInt32(listener.Port)),
		TLSPolicy:      aws.ToString(listener.SslPolicy),
	}
	doc.RedirectsToHTTPS = slices.ContainsFunc(listener.DefaultActions, redirectsToHTTPS)
	r := p.Read()
	if balancer.Type == types.LoadBalancerTypeEnumApplication && listener.Protocol == types.ProtocolEnumHttp && doc.RedirectsToHTTPS {
		doc.RulesServePlain = rulesServePlain(ctx, r, listener)
	}
	name := aws.ToString(balancer.LoadBalancerName) + ":" + strconv.FormatInt(doc.Port, 10)
	r.Emit(aws.ToString(listener.ListenerArn), name, nil, &doc)
}

// redirectsToHTTPS reports whether an action redirects to HTTPS. The protocol
// "#{protocol}" is that of the request.
func redirectsToHTTPS(action types.Action) bool {
	to := action.RedirectConfig
	return action.Type == types.ActionTypeEnumRedirect && to != nil && aws.ToString(to.Protocol) == "HTTPS"
}

// refuses reports whether an action answers with an error and nothing else.
func refuses(action types.Action) bool {
	answer := action.FixedResponseConfig
	return action.Type == types.ActionTypeEnumFixedResponse && answer != nil && strings.HasPrefix(aws.ToString(answer.StatusCode), "4")
}

// rulesServePlain reports whether a rule of the listener, beside its default
// one, neither redirects to HTTPS nor refuses.
func rulesServePlain(ctx context.Context, r *engine.Reading, listener types.Listener) bool {
	const field = "rules_serve_plain"
	if !r.Wants(field) {
		return false
	}
	pages := elb.NewDescribeRulesPaginator(elbClient(r.Place), &elb.DescribeRulesInput{ListenerArn: listener.ListenerArn, PageSize: aws.Int32(400)})
	rules, err := engine.ListAll(ctx, pages, func(page *elb.DescribeRulesOutput) []types.Rule { return page.Rules })
	served := slices.ContainsFunc(rules, func(rule types.Rule) bool {
		return !aws.ToBool(rule.IsDefault) && !slices.ContainsFunc(rule.Actions, func(a types.Action) bool { return redirectsToHTTPS(a) || refuses(a) })
	})
	if !served && r.Got(err, field) && len(rules) == 0 {
		r.Absent("elasticloadbalancing:DescribeRules", field) // every listener has its default rule
	}
	return served
}
