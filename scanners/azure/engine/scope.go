package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// What is asked to know what is in scope, and what may be read there. Azure
// names its operations as it names permissions.
const (
	subscriptionsOperation = "Microsoft.Resources/subscriptions/read"
	permissionsOperation   = "Microsoft.Authorization/permissions/read"
	descendantsOperation   = "Microsoft.Management/managementGroups/descendants/read"

	containersTable  = "resourcecontainers"
	subscriptionType = "microsoft.resources/subscriptions"
	groupType        = "microsoft.resources/subscriptions/resourcegroups"
)

// subscription is one as Azure Resource Manager lists it.
type subscription struct {
	ID     string `json:"subscriptionId"`
	Name   string `json:"displayName"`
	State  string `json:"state"`
	Tenant string `json:"tenantId"`
}

// tenantAccount begins the account of the target that stands for a tenant: its
// directory.
const tenantAccount = "tenant-"

func isTenant(t posture.Target) bool { return strings.HasPrefix(t.Account, tenantAccount) }

// tenantOf returns the id of the tenant that a target stands for.
func tenantOf(t posture.Target) string { return strings.TrimPrefix(t.Account, tenantAccount) }

// tenantTargets returns the tenants of the subscriptions: one, but for those
// that are managed for others.
func (e *Estate) tenantTargets(of []subscription) []posture.Target {
	ids := map[string]bool{}
	for _, s := range of {
		ids[strings.ToLower(cmp.Or(e.root.Tenant, s.Tenant))] = true
	}
	delete(ids, "")
	var targets []posture.Target
	for id := range ids {
		targets = append(targets, posture.Target{Provider: posture.Azure, Account: tenantAccount + id, Name: "directory"})
	}
	return targets
}

// readsTenant reports whether the services to read have a type of the tenant.
func (e *Estate) readsTenant() bool {
	return slices.ContainsFunc(e.registry.Services, func(s Service) bool {
		return s.Tenant && (len(e.options.Services) == 0 || slices.Contains(e.options.Services, s.Service))
	})
}

// targets lists what is in scope.
func (e *Estate) targets(ctx context.Context) ([]posture.Target, error) {
	if e.export != nil {
		return e.export.list(), nil
	}
	all, err := e.subscriptions(ctx)
	if err != nil {
		return nil, e.refusal("list the subscriptions in "+e.root.String(), err)
	}
	var targets []posture.Target
	for _, s := range all {
		targets = append(targets, posture.Target{Provider: posture.Azure, Account: strings.ToLower(s.ID), Name: s.Name})
	}
	if e.root.Directory && e.readsTenant() {
		targets = append(targets, e.tenantTargets(all)...)
	}
	slices.SortFunc(targets, func(a, b posture.Target) int { return strings.Compare(a.Account, b.Account) })
	return targets, nil
}

var errNoSubscription = errors.New("there is none that these credentials may read: check the name, then grant the role Reader or that of: posture permissions azure")

// subscriptions returns the subscriptions in scope.
func (e *Estate) subscriptions(ctx context.Context) ([]subscription, error) {
	visible, err := fetchAll[subscription](ctx, e, subscriptionsOperation, "/subscriptions", "2022-12-01")
	if err != nil {
		return nil, err
	}
	below := e.root.Subscriptions
	if e.root.ManagementGroup != "" {
		if below, err = e.descendants(ctx); err != nil {
			return nil, err
		}
	}
	var found []subscription
	for _, s := range visible {
		within := e.root.Tenant == "" || strings.EqualFold(s.Tenant, e.root.Tenant)
		named := e.root.Tenant != "" || slices.ContainsFunc(below, func(id string) bool { return strings.EqualFold(id, s.ID) })
		if within && named {
			found = append(found, s)
		}
	}
	return found, e.missing(found, below)
}

// missing returns an error that names a subscription that was asked for and is
// not among those that the credentials may see.
func (e *Estate) missing(found []subscription, asked []string) error {
	for _, id := range asked {
		if !slices.ContainsFunc(found, func(s subscription) bool { return strings.EqualFold(s.ID, id) }) {
			return fmt.Errorf("subscription %s: %w", id, errNoSubscription)
		}
	}
	if len(found) == 0 {
		return errNoSubscription
	}
	return nil
}

// descendants returns the ids of all subscriptions below the management group.
func (e *Estate) descendants(ctx context.Context) ([]string, error) {
	type descendant struct {
		Type string
		Name string
	}
	path := "/providers/Microsoft.Management/managementGroups/" + url.PathEscape(e.root.ManagementGroup) + "/descendants"
	all, err := fetchAll[descendant](ctx, e, descendantsOperation, path, "2020-05-01")
	var ids []string
	for _, d := range all {
		if strings.EqualFold(LastOf(d.Type), "subscriptions") {
			ids = append(ids, d.Name)
		}
	}
	return ids, err
}

// grants are what the caller may do at a subscription.
type grants []struct {
	Actions    []string
	NotActions []string
}

// allow reports whether the permission is among the grants: those of one role
// less its exceptions. Names are not case-sensitive, and * is any text.
func (g grants) allow(permission string) bool {
	for _, role := range g {
		if Permits(role.Actions, role.NotActions, permission) {
			return true
		}
	}
	return false
}

// Permits reports whether a role's actions less its exceptions hold a
// permission: "*/read" holds "Microsoft.Storage/storageAccounts/read".
func Permits(actions, notActions []string, permission string) bool {
	matches := func(pattern string) bool { return matchesFold(pattern, permission) }
	return slices.ContainsFunc(actions, matches) && !slices.ContainsFunc(notActions, matches)
}

// matchesFold reports whether a text matches a pattern in which * is any text.
func matchesFold(pattern, text string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	text = strings.ToLower(text)
	if len(parts) == 1 {
		return parts[0] == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// granted returns what the caller may do at a subscription. Resource Graph
// shows what may be read and is silent of the rest, so that without this a
// missing permission would look like an empty subscription.
func (e *Estate) granted(ctx context.Context, id string) (grants, error) {
	return scanners.Once(&e.memo, "grants "+id, func() (grants, error) {
		path := "/subscriptions/" + url.PathEscape(id) + "/providers/Microsoft.Authorization/permissions"
		return fetchAll[struct {
			Actions    []string
			NotActions []string
		}](ctx, e, permissionsOperation, path, "2022-04-01")
	})
}

// signIn says how to get credentials.
const signIn = "sign in with: az login"

// refusal returns the error of a call that nothing can go on without, with its
// cause and what to do about it.
func (e *Estate) refusal(doing string, err error) error {
	if errors.Is(err, errNoSubscription) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	c := e.cause(err)
	what := fmt.Sprintf("%s: %s", doing, c)
	switch c.Reason {
	case posture.NoCredentials:
		what = fmt.Sprintf("%s: your Azure sign-in is missing or has expired (%s); %s", doing, cmp.Or(c.Code, "no code"), signIn)
	case posture.Denied:
		what += "; grant the role that this prints: posture permissions azure"
	}
	return &posture.ReadError{Cause: c, Err: errors.New(what), Said: scanners.WithoutSecrets(messageOf(err))}
}

// cause says why a call failed.
func (e *Estate) cause(err error) posture.Cause {
	return cause(err, e.permission)
}
