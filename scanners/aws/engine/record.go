package engine

import (
	"context"
	"maps"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"posture/scanners"
)

// accountGate is how many calls may be under way in one account.
const accountGate = 48

// record watches every call of an account: it refuses operations that could
// change something, keeps the number of calls under way within the gates, and
// counts them.
type record struct {
	mu        sync.Mutex
	calls     map[string]int
	disagreed map[string]int // verdicts of AWS that differ from ours, by operation; nil for none

	gate  chan struct{}
	gates map[string]chan struct{} // by region and service
}

func newRecord() *record {
	return &record{
		calls: map[string]int{},
		gate:  make(chan struct{}, accountGate),
		gates: map[string]chan struct{}{},
	}
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
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("posture.record", r.pass), middleware.After)
}

// pass lets a call through that only reads, once the gates have room for it.
func (r *record) pass(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	operation := awsmiddleware.GetOperationName(ctx)
	if err := scanners.CheckRead(operation, otherRead); err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	service := prefix(awsmiddleware.GetServiceID(ctx))
	leave, err := r.enter(ctx, awsmiddleware.GetRegion(ctx), service)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	defer leave()
	r.count(service + ":" + operation)
	return next.HandleInitialize(ctx, in)
}

func (r *record) count(operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[operation]++
}

// enter waits for a place at the gates of the service and of the account.
func (r *record) enter(ctx context.Context, region, service string) (leave func(), err error) {
	own := r.gateOf(region, service)
	for i, gate := range []chan struct{}{own, r.gate} {
		select {
		case gate <- struct{}{}:
		case <-ctx.Done():
			if i == 1 {
				<-own
			}
			return nil, ctx.Err()
		}
	}
	return func() { <-r.gate; <-own }, nil
}

func (r *record) gateOf(region, service string) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := region + " " + service
	if r.gates[key] == nil {
		r.gates[key] = make(chan struct{}, gateSize(service))
	}
	return r.gates[key]
}

// gateSize returns how many calls to a service of one region may be under
// way: politeness to the account's own production traffic.
func gateSize(service string) int {
	switch service {
	case "s3":
		return 16
	case "iam":
		return 4
	default:
		return 8
	}
}

// prefixes holds IAM's prefix of the services whose SDK name is
// another word.
var prefixes = map[string]string{
	"cloudwatch logs":           "logs",
	"config service":            "config",
	"efs":                       "elasticfilesystem",
	"elastic load balancing v2": "elasticloadbalancing",
}

// prefix returns IAM's prefix of a service, by the SDK's name for it.
func prefix(serviceID string) string {
	lower := strings.ToLower(serviceID)
	if known, ok := prefixes[lower]; ok {
		return known
	}
	return strings.ReplaceAll(lower, " ", "")
}
