// Package engine is the machinery that reads Azure: it asks Resource Graph for
// the rows of many types at once, subscriptions together, and hands each row
// of a type to whoever reads it. It knows no type of resource: what is read is
// declared by a Service, and all services are handed in as a Registry.
//
// A Service's Read is given a Reading, by which it gets at everything: the row
// itself (Decode), and, for what the graph lacks, reads of Azure Resource
// Manager (Fetch) and of the tenant's directory by Microsoft Graph (Directory).
// Whatever could not be read marks fields as unread.
//
// Begin with Open, then Targets and Slices.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/trouble"
)

// Options says how to read.
type Options struct {
	Credential azcore.TokenCredential
	Cloud      Cloud
	Services   []string // the services to read, by the catalogue's names; empty: all
	NoReread   bool     // a failing resource is not read a second time
	Complete   bool     // of exports: nothing was left out of them
	Sample     bool     // read at most one resource of each type

	Transport policy.Transporter // nil: the SDK's own
	Insecure  bool               // the credential may go to a server on this machine without TLS, for tests
	Attempts  int                // tries of a call; 0: 6
	Backoff   time.Duration      // before the second try; 0: a second
	Timeout   time.Duration      // for one try of a call; 0: a minute
	Now       func() time.Time   // nil: the clock

	SliceRows int // rows that the subscriptions of a slice may have together; 0: 60,000
}

// Root is what is read: a tenant, a management group or subscriptions. One of
// the three is set.
type Root struct {
	Tenant          string   // its id
	ManagementGroup string   // its name
	Subscriptions   []string // their ids
	Directory       bool     // the directory of the tenant is read too
}

// String returns the root as people name it.
func (r Root) String() string {
	switch {
	case r.Tenant != "":
		return "the tenant " + r.Tenant
	case r.ManagementGroup != "":
		return "the management group " + r.ManagementGroup
	default:
		return "scope"
	}
}

// Estate is what is in scope, ready to be read.
type Estate struct {
	registry Registry
	declared scanners.Catalogue
	root     Root
	options  Options
	record   scanners.Counter
	quotas   *quotas
	troubles *trouble.Services[counted]
	memo     scanners.Memo

	permission map[string]string // of every call, by its operation
	manager    api
	graph      api
	directory  directory
	export     *exported // instead of all calls; nil: there is none
	query      *armresourcegraph.Client
}

const module, version = "posture", "v1.0.0"

// Open prepares reading what is in scope, for what is registered. It makes no
// call.
func Open(r Registry, root Root, o Options) (*Estate, error) {
	e := &Estate{registry: r, declared: r.Catalogue(), root: root, options: o, quotas: newQuotas(), troubles: newTroubles()}
	e.permission = e.declared.PermissionsByOp()
	if err := e.declared.CheckServices(o.Services); err != nil {
		return nil, err
	}
	if o.Credential == nil {
		return nil, errors.New("no Azure credentials; " + signIn)
	}
	o.Credential = signedIn{o.Credential}
	e.options = o
	options := &arm.ClientOptions{ClientOptions: e.clientOptions(), DisableRPRegistration: true} // registering a provider would be a write
	manager, err := armruntime.NewPipeline(module, version, o.Credential, runtime.PipelineOptions{}, options)
	if err != nil {
		return nil, fmt.Errorf("prepare to call Azure Resource Manager: %w", err)
	}
	e.manager = api{pipeline: manager, host: o.Cloud.Manager}
	e.graph = api{pipeline: e.graphPipeline(), host: o.Cloud.Graph}
	if e.query, err = armresourcegraph.NewClient(o.Credential, options); err != nil {
		return nil, fmt.Errorf("prepare to query Resource Graph: %w", err)
	}
	return e, nil
}

// clientOptions bounds every try, refuses what is no read, and waits where an
// answer asks for it.
func (e *Estate) clientOptions() policy.ClientOptions {
	o := e.options
	return policy.ClientOptions{
		Cloud:                           o.Cloud.Configuration(),
		Transport:                       o.transport(),
		InsecureAllowCredentialWithHTTP: o.Insecure,
		Telemetry:                       policy.TelemetryOptions{ApplicationID: module},
		Retry: policy.RetryOptions{
			MaxRetries: int32(e.attempts() - 1), RetryDelay: e.backoff(),
			MaxRetryDelay: longestWait,
		},
		PerCallPolicies:  []policy.Policy{readOnly{}, e.quotas, calls{e.troubles}},
		PerRetryPolicies: []policy.Policy{tries{cmp.Or(o.Timeout, tryTimeout)}, noted{e.quotas}, checked{}, logged{}},
	}
}

func (e *Estate) attempts() int { return cmp.Or(e.options.Attempts, attempts) }

func (e *Estate) backoff() time.Duration { return cmp.Or(e.options.Backoff, firstWait) }

const (
	attempts    = 6                // tries of a call
	firstWait   = time.Second      // before the second try; it doubles
	longestWait = 6 * time.Minute  // before any try: Azure's longest quotas are of five minutes
	tryTimeout  = 60 * time.Second // for one try of a call
)

// graphPipeline returns how requests go out to Microsoft Graph.
func (e *Estate) graphPipeline() runtime.Pipeline {
	options := e.clientOptions()
	token := runtime.NewBearerTokenPolicy(e.options.Credential, []string{e.options.Cloud.Graph + "/.default"},
		&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: e.options.Insecure})
	return runtime.NewPipeline(module, version, runtime.PipelineOptions{PerRetry: []policy.Policy{token}}, &options)
}

// transport follows no redirection: it could carry the token away, and what it
// leads to is not the service's answer.
func (o Options) transport() policy.Transporter {
	if o.Transport != nil {
		return o.Transport
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (e *Estate) now() time.Time {
	if e.options.Now != nil {
		return e.options.Now()
	}
	return time.Now()
}

// Targets lists the subscriptions in scope, and the tenant itself where its
// directory is in scope. They are asked for once.
func (e *Estate) Targets(ctx context.Context) ([]posture.Target, error) {
	all, err := scanners.Once(&e.memo, "targets", func() ([]posture.Target, error) { return e.targets(ctx) })
	return slices.Clone(all), err
}

// Subscription returns a target that is read with all others of the scope that
// fit into a slice with it, when it is first scanned. It makes no call.
func (e *Estate) Subscription(target posture.Target) *Subscription {
	return &Subscription{estate: e, target: target}
}
