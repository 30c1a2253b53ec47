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
	ToBalancer       bool   `json:"to_balancer"`        // a network load balancer's TCP listener before an application load balancer, whose own listener does TLS
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
			{Op: describeTargetGroups, For: []string{"to_balancer"}},
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

// elbListenerList lists the listeners of one load balancer, once. With an error
// come those that were listed before it.
func elbListenerList(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) ([]types.Listener, error) {
	return engine.Once(p, "elbv2 listeners of "+aws.ToString(balancer.LoadBalancerArn), func() ([]types.Listener, error) {
		pages := elb.NewDescribeListenersPaginator(elbClient(p), &elb.DescribeListenersInput{
			LoadBalancerArn: balancer.LoadBalancerArn,
			PageSize:        aws.Int32(400),
		})
		return engine.ListAll(ctx, pages, func(page *elb.DescribeListenersOutput) []types.Listener { return page.Listeners })
	})
}

// readELBListeners reads the listeners of one load balancer.
func readELBListeners(ctx context.Context, p *engine.Place, balancer types.LoadBalancer) error {
	listeners, err := elbListenerList(ctx, p, balancer)
	for _, listener := range listeners {
		emitELBListener(ctx, p, balancer, listener)
	}
	var deleted *types.LoadBalancerNotFoundException
	if errors.As(err, &deleted) {
		return nil // since it was listed; its listeners went with it
	}
	return err
}

func emitELBListener(ctx context.Context, p *engine.Place, balancer types.LoadBalancer, listener types.Listener) {
	r := p.Read()
	doc := ELBListener{
		Kind:           string(choice(r, balancer.Type, "elasticloadbalancing:DescribeLoadBalancers", "kind")),
		InternetFacing: readInternetFacing(r, balancer),
		Protocol:       string(listener.Protocol),
		Port:           int64(aws.ToInt32(listener.Port)),
		TLSPolicy:      aws.ToString(listener.SslPolicy),
	}
	doc.RedirectsToHTTPS = slices.ContainsFunc(listener.DefaultActions, redirectsToHTTPS)
	markMissing(r, listener)
	if balancer.Type == types.LoadBalancerTypeEnumApplication && listener.Protocol == types.ProtocolEnumHttp && doc.RedirectsToHTTPS {
		doc.RulesServePlain = rulesServePlain(ctx, r, listener)
	}
	if balancer.Type == types.LoadBalancerTypeEnumNetwork && listener.Protocol == types.ProtocolEnumTcp {
		doc.ToBalancer = forwardsToBalancer(ctx, r, listener.DefaultActions)
	}
	name := aws.ToString(balancer.LoadBalancerName) + ":" + strconv.FormatInt(doc.Port, 10)
	r.Emit(aws.ToString(listener.ListenerArn), name, nil, &doc)
}

// markMissing marks what a listener with TLS, or before targets, always tells.
func markMissing(r *engine.Reading, listener types.Listener) {
	const op = "elasticloadbalancing:DescribeListeners"
	if listener.Protocol == types.ProtocolEnumHttps || listener.Protocol == types.ProtocolEnumTls {
		word(r, aws.ToString(listener.SslPolicy), op, "tls_policy")
	}
	if listener.Protocol == "" && listener.Port != nil { // gateways have neither
		r.Absent(op, "protocol")
	}
	r.Got(newValue(listener.Protocol, op), "protocol")
	if len(listener.DefaultActions) == 0 {
		r.Absent(op, "redirects_to_https", "to_balancer")
	}
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

// forwardsToBalancer reports whether all that the actions forward to are
// application load balancers.
func forwardsToBalancer(ctx context.Context, r *engine.Reading, actions []types.Action) bool {
	const field = "to_balancer"
	groups := targetGroups(actions)
	if len(groups) == 0 || !r.Wants(field) {
		return false
	}
	kinds, err := targetKinds(ctx, r.Place)
	for _, group := range groups {
		switch kind, listed := kinds[group]; {
		case !listed:
			r.Got(err, field)
			return false
		case kind != types.TargetTypeEnumAlb:
			return false
		}
	}
	return true
}

// targetGroups returns the ARNs of the target groups that actions forward to.
func targetGroups(actions []types.Action) []string {
	var groups []string
	for _, action := range actions {
		if group := aws.ToString(action.TargetGroupArn); group != "" {
			groups = append(groups, group)
		}
		if action.ForwardConfig != nil {
			for _, group := range action.ForwardConfig.TargetGroups {
				groups = append(groups, aws.ToString(group.TargetGroupArn))
			}
		}
	}
	return groups
}

// targetKinds returns of what kind the targets are, by the target group's ARN.
func targetKinds(ctx context.Context, p *engine.Place) (map[string]types.TargetTypeEnum, error) {
	return engine.Once(p, "elbv2 kinds of targets", func() (map[string]types.TargetTypeEnum, error) {
		groups, err := targetGroupList(ctx, p)
		kinds := map[string]types.TargetTypeEnum{}
		for _, group := range groups {
			kinds[aws.ToString(group.TargetGroupArn)] = group.TargetType
		}
		return kinds, err
	})
}
