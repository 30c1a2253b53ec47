package engine

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	crm "google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/http"

	"posture/scanners"
)

// scopeRead is the OAuth scope of direct reads. The narrower read-only one is
// not accepted by every API; what may be done is for the IAM role to say.
const scopeRead = "https://www.googleapis.com/auth/cloud-platform"

// Once returns what fetch returns, an error included, and calls it once per key
// for all that is read with the resource: at least its whole project.
func Once[T any](r *Reading, key string, fetch func() (T, error)) (T, error) {
	return scanners.Once(&r.place.inventory.memo, key, fetch)
}

// OnceInScope is Once for the whole scope, and kept as long.
func OnceInScope[T any](r *Reading, key string, fetch func() (T, error)) (T, error) {
	return scanners.Once(&r.place.inventory.whole().memo, key, fetch)
}

// Client returns the client of a REST API, made by build on first use. It
// refuses what is not a read, and tries again what may succeed later. There is
// none where an export is read.
func Client[T any](ctx context.Context, r *Reading, build func(context.Context, ...option.ClientOption) (T, error)) (T, error) {
	return rest(ctx, r.place.inventory, build)
}

// rest returns the client of a REST API.
func rest[T any](ctx context.Context, i *Inventory, build func(context.Context, ...option.ClientOption) (T, error)) (T, error) {
	return scanners.Once(&i.whole().memo, "client "+reflect.TypeFor[T]().String(), func() (T, error) {
		var none T
		if i.client == nil {
			return none, notListedError{resources}
		}
		client, endpoint, err := i.dial(ctx, i.options)
		if err != nil {
			return none, err
		}
		made := []option.ClientOption{option.WithHTTPClient(client)}
		if endpoint != "" {
			made = append(made, option.WithEndpoint(endpoint))
		}
		return build(ctx, made...)
	})
}

// dial returns a client that only reads, and where its requests go instead of
// to Google, "" for nowhere.
func (i *Inventory) dial(ctx context.Context, o Options) (*http.Client, string, error) {
	options := o.REST
	if options == nil {
		options = o.Client
	}
	client, endpoint, err := transport.NewClient(ctx, append([]option.ClientOption{option.WithScopes(scopeRead)}, options...)...)
	if err != nil {
		return nil, "", err
	}
	return &http.Client{Transport: readOnly{client.Transport, o, i.troubles}, CheckRedirect: stay}, endpoint, nil
}

// stay follows no redirection: it could carry the token elsewhere, and what it
// leads to is not the service's answer.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do makes a direct read and counts it. The error says which call failed.
func Do[T any](r *Reading, op string, do func() (T, error)) (T, error) {
	r.place.inventory.record.Count(op)
	out, err := do()
	if err == nil {
		err = checkTyped(out)
	}
	return out, scanners.Failed(op, err)
}

// The calls that read policies above the scope.
const (
	opFolderPolicy       = "cloudresourcemanager.folders.getIamPolicy"
	opOrganizationPolicy = "cloudresourcemanager.organizations.getIamPolicy"
)

// askPolicy reads the IAM policy of a folder or an organization that lies
// above the scope.
func (i *Inventory) askPolicy(ctx context.Context, key string) (*Policy, error) {
	return scanners.Once(&i.whole().memo, "policy "+key, func() (*Policy, error) {
		service, err := rest(ctx, i, crm.NewService)
		if err != nil {
			return nil, err
		}
		request := &crm.GetIamPolicyRequest{Options: &crm.GetPolicyOptions{RequestedPolicyVersion: 3}}
		op := opOrganizationPolicy
		ask := func() (*crm.Policy, error) { return service.Organizations.GetIamPolicy(key, request).Context(ctx).Do() }
		if strings.HasPrefix(key, "folders/") {
			op = opFolderPolicy
			ask = func() (*crm.Policy, error) { return service.Folders.GetIamPolicy(key, request).Context(ctx).Do() }
		}
		i.record.Count(op)
		answer, err := ask()
		if err == nil && answer.Etag == "" { // every policy has one, also one that grants nothing
			err = errNoPolicy
		}
		if err != nil {
			return nil, scanners.Failed(op, err)
		}
		return policyOfREST(key, answer), nil
	})
}

// policyOfREST returns what a policy says that was read directly.
func policyOfREST(on string, p *crm.Policy) *Policy {
	made := &Policy{}
	for _, binding := range p.Bindings {
		condition := ""
		if binding.Condition != nil {
			condition = binding.Condition.Expression
		}
		for _, member := range binding.Members {
			made.Grants = append(made.Grants, Grant{Role: binding.Role, Member: member, Condition: condition, On: on})
		}
	}
	for _, config := range p.AuditConfigs {
		for _, logs := range config.AuditLogConfigs {
			made.Audit = append(made.Audit, AuditLog{Service: config.Service, Type: logs.LogType, Exempted: logs.ExemptedMembers})
		}
	}
	return made
}

// typeOf returns the inventory's type of a key: that of a project for
// "projects/123".
func typeOf(key string) string {
	switch kind, _, _ := strings.Cut(key, "/"); kind {
	case "folders":
		return TypeFolder
	case "organizations":
		return TypeOrganization
	default:
		return TypeProject
	}
}
