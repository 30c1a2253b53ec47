package services

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/document"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"posture/scanners/aws/engine"
)

// collectionPolicy is one part of a network or a data access policy.
type collectionPolicy struct {
	AllowFromPublic *bool
	Principal       []string
	Rules           []collectionRule
}

type collectionRule struct {
	ResourceType string   // collection, dashboard, index
	Resource     []string // collection/shop*, index/shop/*
}

type collectionPolicies []collectionPolicy

// public reports whether a policy lets the whole internet reach that of a
// collection. One that lets in only VPCs takes nothing of that away.
func (all collectionPolicies) public(kind, name string) bool {
	return slices.ContainsFunc(all, func(p collectionPolicy) bool {
		return *p.AllowFromPublic && slices.ContainsFunc(p.Rules, func(rule collectionRule) bool { return rule.ResourceType == kind && rule.isAbout(name) })
	})
}

// open reports whether a policy lets whoever has an AWS account see what is in a
// collection.
func (all collectionPolicies) open(name string) bool {
	return slices.ContainsFunc(all, func(p collectionPolicy) bool {
		return slices.ContainsFunc(p.Principal, isEverybody) && slices.ContainsFunc(p.Rules, func(rule collectionRule) bool { return rule.isAbout(name) })
	})
}

func isEverybody(principal string) bool {
	return principal == "*" || strings.Contains(principal, "::*:")
}

// isAbout reports whether a rule takes in the collection, or something in it.
func (rule collectionRule) isAbout(name string) bool {
	return slices.ContainsFunc(rule.Resource, func(pattern string) bool {
		parts := strings.Split(pattern, "/")
		if len(parts) < 2 {
			return pattern == "*"
		}
		matched := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(parts[1]), `\*`, ".*") + "$")
		return matched.MatchString(name)
	})
}

// collectionNetworks reads the network policies, once per region. With an error come
// those that could be read.
func collectionNetworks(ctx context.Context, p *engine.Place) (collectionPolicies, error) {
	return engine.Once(p, "network policies of collections", func() (collectionPolicies, error) {
		pages := opensearchserverless.NewListSecurityPoliciesPaginator(serverlessClient(p), &opensearchserverless.ListSecurityPoliciesInput{
			Type: types.SecurityPolicyTypeNetwork, MaxResults: aws.Int32(100),
		})
		listed, err := engine.ListAll(ctx, pages, func(page *opensearchserverless.ListSecurityPoliciesOutput) []types.SecurityPolicySummary {
			return page.SecurityPolicySummaries
		})
		var all collectionPolicies
		for _, policy := range listed {
			found, missing := collectionNetwork(ctx, p, policy.Name)
			all, err = append(all, found...), cmp.Or(err, missing)
		}
		return all, err
	})
}

func collectionNetwork(ctx context.Context, p *engine.Place, name *string) (collectionPolicies, error) {
	const op = "aoss:GetSecurityPolicy"
	out, err := serverlessClient(p).GetSecurityPolicy(ctx, &opensearchserverless.GetSecurityPolicyInput{Name: name, Type: types.SecurityPolicyTypeNetwork})
	if err != nil {
		return nil, err
	}
	if out.SecurityPolicyDetail == nil {
		return nil, engine.Malformed(op, errNoValue)
	}
	policies, err := parseCollectionPolicies(op, out.SecurityPolicyDetail.Policy)
	if slices.ContainsFunc(policies, func(p collectionPolicy) bool { return p.AllowFromPublic == nil }) {
		return nil, notUnderstood(op)
	}
	return policies, err
}

// collectionAccess reads the data access policies, once per region. With an error
// come those that could be read.
func collectionAccess(ctx context.Context, p *engine.Place) (collectionPolicies, error) {
	return engine.Once(p, "data access policies of collections", func() (collectionPolicies, error) {
		pages := opensearchserverless.NewListAccessPoliciesPaginator(serverlessClient(p), &opensearchserverless.ListAccessPoliciesInput{
			Type: types.AccessPolicyTypeData, MaxResults: aws.Int32(100),
		})
		listed, err := engine.ListAll(ctx, pages, func(page *opensearchserverless.ListAccessPoliciesOutput) []types.AccessPolicySummary {
			return page.AccessPolicySummaries
		})
		var all collectionPolicies
		for _, policy := range listed {
			found, missing := collectionGrant(ctx, p, policy.Name)
			all, err = append(all, found...), cmp.Or(err, missing)
		}
		return all, err
	})
}

func collectionGrant(ctx context.Context, p *engine.Place, name *string) (collectionPolicies, error) {
	const op = "aoss:GetAccessPolicy"
	out, err := serverlessClient(p).GetAccessPolicy(ctx, &opensearchserverless.GetAccessPolicyInput{Name: name, Type: types.AccessPolicyTypeData})
	if err != nil {
		return nil, err
	}
	if out.AccessPolicyDetail == nil {
		return nil, engine.Malformed(op, errNoValue)
	}
	return parseCollectionPolicies(op, out.AccessPolicyDetail.Policy)
}

// parseCollectionPolicies returns the parts of a policy. One without any says nothing,
// and is an error.
func parseCollectionPolicies(operation string, policy document.Interface) (collectionPolicies, error) {
	if policy == nil {
		return nil, engine.Malformed(operation, errNoValue)
	}
	text, err := policy.MarshalSmithyDocument()
	if err != nil {
		return nil, notUnderstood(operation)
	}
	var parts collectionPolicies
	if err := json.Unmarshal(text, &parts); err != nil || len(parts) == 0 {
		return nil, notUnderstood(operation)
	}
	if slices.ContainsFunc(parts, func(p collectionPolicy) bool { return len(p.Rules) == 0 }) {
		return nil, notUnderstood(operation)
	}
	return parts, nil
}
