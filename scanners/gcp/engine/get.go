package engine

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"posture/scanners"

	"posture/internal/posture"
)

// Get declares the direct read of one resource: the call by which a failing
// resource is read once more before people are told, because the inventory may
// be hours behind.
type Get struct {
	Op         string    // service, resource and method: "storage.buckets.get"
	Permission string    // the IAM permission that it needs
	Root       string    // what stands before the resource's own path in the call's URL: "https://storage.googleapis.com/storage/v1/b/"; {location} in it is that of the name
	Version    string    // of the API that answers: one of the service's Versions
	In         string    // part of the names that it is the call of, "/regions/"; "": of those of no other
	Policy     PolicyGet // reads the IAM policy, the zero one where the rules ask for none or the API has no call
}

// PolicyGet declares the direct read of the IAM policy of one resource.
type PolicyGet struct {
	Op         string // "storage.buckets.getIamPolicy"
	Permission string
	Form       PolicyForm
}

// PolicyForm is how an API wants to be asked for a policy. It stands behind
// the resource's own URL.
type PolicyForm string

// The forms that Google's APIs have. The version is that of policies with
// conditions.
const (
	PolicyPosted    PolicyForm = ":getIamPolicy" // by POST
	PolicyGotten    PolicyForm = ":getIamPolicy?options.requestedPolicyVersion=3"
	PolicyOfCompute PolicyForm = "/getIamPolicy?optionsRequestedPolicyVersion=3"
	PolicyOfStorage PolicyForm = "/iam?optionsRequestedPolicyVersion=3"
)

// Direct returns the call that reads a resource directly, by its full name, nil
// for none.
func (s *Service) Direct(name string) *Get {
	of := func(g Get) bool { return strings.Contains(name, g.In) }
	for _, others := range []bool{false, true} {
		n := slices.IndexFunc(s.Get, func(g Get) bool { return of(g) && (g.In == "") == others })
		if n >= 0 {
			return &s.Get[n]
		}
	}
	return nil
}

// calls returns the calls, for their permissions.
func (g *Get) calls() []scanners.Call {
	calls := []scanners.Call{{Op: g.Op, Permission: g.Permission, Each: true, Again: true}}
	if g.Policy.Op != "" {
		calls = append(calls, scanners.Call{Op: g.Policy.Op, Permission: g.Policy.Permission, Each: true, Again: true})
	}
	return calls
}

var regionName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)

var errOddName error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "name", Text: "the resource's name makes no path"}

// URL returns the URL of the resource of a full name. Strangers name resources,
// so a name never leaves the path, and never climbs in it.
func (g *Get) URL(name string) (*url.URL, error) {
	_, rest, _ := strings.Cut(name, "/locations/")
	location, _, _ := strings.Cut(rest, "/")
	if strings.Contains(g.Root, "{location}") && !regionName.MatchString(location) { // it becomes a part of a host's name
		return nil, errOddName
	}
	at, err := url.Parse(strings.ReplaceAll(g.Root, "{location}", location))
	if err != nil {
		return nil, err
	}
	_, path, found := strings.Cut(strings.TrimPrefix(name, "//"), "/")
	odd := func(part string) bool { return part == "" || part == "." || part == ".." }
	if !found || slices.ContainsFunc(strings.Split(path, "/"), odd) {
		return nil, errOddName
	}
	at.Path += path
	return at, nil
}

// Only returns the call as one that is only for names that hold the part. The
// regional resources of some types take a call and a permission of their own.
func (g Get) Only(part string) Get {
	g.In = part
	return g
}

// WithPolicy returns the call with the one for the IAM policy, whose operation
// is called as its permission.
func (g Get) WithPolicy(permission string, form PolicyForm) Get {
	g.Policy = PolicyGet{permission, permission, form}
	return g
}
