package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cloud.google.com/go/asset/apiv1/assetpb"

	"posture/internal/posture"
	"posture/scanners/packed"
)

// content is a kind of content; the inventory gives one listing of each.
type content = assetpb.ContentType

const (
	resources   = assetpb.ContentType_RESOURCE
	iamPolicies = assetpb.ContentType_IAM_POLICY
	orgPolicies = assetpb.ContentType_ORG_POLICY
)

// estate is what one pass over the inventory brought in, or the pass over a
// slice of it.
type estate struct {
	mu       sync.Mutex // while it is being filled
	packer   *packed.Packer
	registry *Registry
	common   *estate // of a slice: what was listed for the whole scope; nil: this is all

	nodes       map[string]*Node                 // by key
	accounts    map[string]*Node                 // by account; nil until all are there
	shares      map[shareKey]*share              // resources, by type and owner
	policies    map[string]*share                // IAM policies of other resources, by owner
	above       map[string]*Policy               // IAM policies of nodes, by key
	constraints map[string]map[string]Constraint // organization policies, by key and name

	listed  map[listingKey]error // nil: complete
	exports *exported            // nil: it came from the inventory itself
}

type shareKey struct{ typ, owner string }

type listingKey struct {
	content content
	typ     string
}

func newEstate(r *Registry) (*estate, error) {
	packer, err := packed.New()
	if err != nil {
		return nil, err
	}
	return &estate{
		packer: packer, registry: r, nodes: map[string]*Node{}, shares: map[shareKey]*share{}, policies: map[string]*share{},
		above: map[string]*Policy{}, constraints: map[string]map[string]Constraint{}, listed: map[listingKey]error{},
	}, nil
}

// slice returns an estate for a slice of the scope; this one holds
// what was listed for all of it.
func (e *estate) slice() (*estate, error) {
	s, err := newEstate(e.registry)
	if err != nil {
		return nil, err
	}
	s.common, s.nodes, s.accounts, s.above, s.constraints = e, e.nodes, e.accounts, e.above, e.constraints
	return s, nil
}

// whole returns the estate that holds what was listed for the whole scope.
func (e *estate) whole() *estate {
	if e.common != nil {
		return e.common
	}
	return e
}

var errNoOwner error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "owner", Text: "the inventory does not say to which project an asset belongs"}

// take keeps one answer of a listing. An error means that the asset cannot be
// placed, which makes its type's listing incomplete.
func (e *estate) take(c content, found *assetpb.Asset) error {
	a := newAsset(found)
	owner := a.owner()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case owner == "":
		return fmt.Errorf("%w: %s", errNoOwner, a.Type)
	case c == orgPolicies:
		e.takeConstraints(owner, found)
		return nil
	case c == iamPolicies:
		return e.takePolicy(owner, found)
	}
	if slices.Contains(hierarchy, a.Type) {
		n, err := newNode(a)
		if err != nil {
			return fmt.Errorf("read %s: %w", a.Type, err)
		}
		e.nodes[n.Key] = n
	}
	return e.share(a.Type, owner).add(e.packer, a)
}

func (e *estate) share(typ, owner string) *share {
	key := shareKey{typ, owner}
	if e.shares[key] == nil {
		e.shares[key] = &share{}
	}
	return e.shares[key]
}

// takePolicy keeps an IAM policy: of nodes at hand, because all below inherit
// from them, of others compressed with their project.
func (e *estate) takePolicy(owner string, found *assetpb.Asset) error {
	if slices.Contains(hierarchy, found.GetAssetType()) {
		e.above[owner] = newPolicy(owner, found.GetIamPolicy())
		return nil
	}
	data, err := json.Marshal(newPolicy(found.GetName(), found.GetIamPolicy()))
	if err != nil {
		return err
	}
	if e.policies[owner] == nil {
		e.policies[owner] = &share{}
	}
	return e.policies[owner].add(e.packer, &Asset{Name: found.GetName(), Data: data})
}

func (e *estate) takeConstraints(owner string, found *assetpb.Asset) {
	if e.constraints[owner] == nil {
		e.constraints[owner] = map[string]Constraint{}
	}
	for _, p := range found.GetOrgPolicy() {
		set := newConstraint(p)
		e.constraints[owner][set.Name] = set
	}
}

// end notes how the listing of types ended, and that it took place.
func (e *estate) end(c content, types []string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, typ := range types {
		key := listingKey{c, typ}
		if e.listed[key] == nil {
			e.listed[key] = err
		}
	}
}

// seal ends the filling.
func (e *estate) seal() {
	for _, s := range e.shares {
		e.packer.Seal(&s.Texts)
	}
	for _, s := range e.policies {
		e.packer.Seal(&s.Texts)
	}
	if e.exports != nil {
		e.exports.place(e)
	}
	if e.accounts == nil {
		e.accounts = map[string]*Node{}
		for _, n := range e.nodes {
			e.accounts[n.target().Account] = n
		}
	}
}

// notListedError stands for a listing that did not take place.
type notListedError struct{ content content }

func (e notListedError) Error() string { return "no listing of " + e.content.String() }

// complete returns nil when all of a content is there that is of the type and
// belongs to the owner, and else why not.
func (e *estate) complete(c content, typ, owner string) error {
	if e.exports != nil {
		return e.exports.complete(c, typ, owner)
	}
	if err, known := e.listed[listingKey{c, typ}]; known {
		return err
	}
	if e.common != nil {
		return e.common.complete(c, typ, owner)
	}
	return notListedError{c}
}

// policyOf returns the IAM policy of a project, a folder or an organization,
// nil for none. One that is there is whole, whatever became of the others.
func (e *estate) policyOf(key string) (*Policy, error) {
	if found := e.above[key]; found != nil {
		return found, nil
	}
	return nil, e.complete(iamPolicies, typeOf(key), key)
}

// each hands the resources of a type and an owner to do until it returns false.
func (e *estate) each(typ, owner string, do func(*Asset) bool) error {
	s := e.shares[shareKey{typ, owner}]
	switch {
	case s != nil:
		return s.each(e.packer, typ, do)
	case e.common != nil:
		return e.common.each(typ, owner, do)
	default:
		return nil
	}
}

// policiesOf returns the IAM policies of an owner's resources, by their names.
func (e *estate) policiesOf(owner string) (map[string]*Policy, error) {
	found := map[string]*Policy{}
	err := e.addPolicies(found, owner)
	if e.common != nil {
		err = errors.Join(err, e.common.addPolicies(found, owner))
	}
	return found, err
}

func (e *estate) addPolicies(found map[string]*Policy, owner string) error {
	s := e.policies[owner]
	if s == nil {
		return nil
	}
	var bad error
	err := s.each(e.packer, "IAM policies", func(a *Asset) bool {
		p := &Policy{}
		bad = json.Unmarshal(a.Data, p)
		found[a.Name] = p.with(found[a.Name])
		return bad == nil
	})
	return errors.Join(err, bad)
}
