package engine

import (
	"context"
	"maps"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"posture/scanners"
	"posture/scanners/trouble"
)

// record watches every call of an account: it refuses operations that could
// change something, keeps the number of calls under way within the gates, and
// counts them.
type record struct {
	mu        sync.Mutex
	calls     map[string]int
	disagreed map[string]int // verdicts of AWS that differ from ours, by operation; nil for none

	gates    *gates
	troubles *trouble.Services[gateKey]
}

func newRecord() *record {
	return &record{calls: map[string]int{}, gates: newGates(), troubles: newTroubles()}
}

// counts returns the calls made so far, by operation.
func (r *record) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.calls)
}

// disagree counts a verdict of AWS that differs from ours.
func (r *record) disagree(operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.disagreed == nil {
		r.disagreed = map[string]int{}
	}
	r.disagreed[operation]++
}

func (r *record) disagreements() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.disagreed)
}

// otherRead is the one read that has another verb.
const otherRead = "GenerateCredentialReport"

// watch adds the record to a client's middleware.
func (r *record) watch(stack *middleware.Stack) error {
	if err := checkAnswers(stack); err != nil {
		return err
	}
	if err := LogTries(stack); err != nil {
		return err
	}
	if _, retries := stack.Finalize.Get("Retry"); retries {
		if err := stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("posture.try", try), "Retry", middleware.After); err != nil {
			return err
		}
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("posture.record", r.pass), middleware.After)
}

// pass lets a call through that only reads, once the gates have room for it.
func (r *record) pass(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	operation := awsmiddleware.GetOperationName(ctx)
	if err := scanners.CheckRead(operation, otherRead); err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	key := gateKey{awsmiddleware.GetRegion(ctx), prefix(awsmiddleware.GetServiceID(ctx))}
	leave, err := r.gates.enter(ctx, key)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	defer leave()
	begun, err := r.troubles.Of(key).Begin(operation)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	r.count(key.service + ":" + operation)
	defer scanners.UnderWay(ctx, key.service+":"+operation, key.region)()
	out, metadata, err := next.HandleInitialize(context.WithValue(ctx, callKey{}, call{begun, r.gates.of(key)}), in)
	begun.End(ctx, err)
	metadata.Set(operationKey{}, key.service+":"+operation)
	return out, metadata, err
}

// operationKey is the key under which the metadata of an output have its operation.
type operationKey struct{}

// try makes one try of the call that the context is of.
func try(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	under, ok := ctx.Value(callKey{}).(call)
	if !ok {
		return next.HandleFinalize(ctx, in)
	}
	err = under.Attempt(ctx, func(ctx context.Context) (err error) {
		out, metadata, err = next.HandleFinalize(ctx, in)
		under.gate.tried(outcomeOf(err))
		return err
	})
	return out, metadata, err
}

func (r *record) count(operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[operation]++
}

// prefixes holds IAM's prefix of the services whose SDK name is
// another word.
var prefixes = map[string]string{
	"cloudwatch logs":            "logs",
	"config service":             "config",
	"efs":                        "elasticfilesystem",
	"opensearch":                 "es",
	"accessanalyzer":             "access-analyzer",
	"elastic load balancing v2":  "elasticloadbalancing",
	"elastic load balancing":     "elb", // Classic Load Balancers, whose operations have the same names
	"eventbridge":                "events",
	"sso admin":                  "sso",
	"sfn":                        "states",
	"emr":                        "elasticmapreduce",
	"network firewall":           "network-firewall",
	"cognito identity":           "cognito-identity",
	"cognito identity provider":  "cognito-idp",
	"opensearchserverless":       "aoss",
	"application auto scaling":   "application-autoscaling",
	"database migration service": "dms",
}

// prefix returns IAM's prefix of a service, by the SDK's name for it.
func prefix(serviceID string) string {
	lower := strings.ToLower(serviceID)
	if known, ok := prefixes[lower]; ok {
		return known
	}
	return strings.ReplaceAll(lower, " ", "")
}
