package engine

import (
	"cmp"
	"slices"
	"strings"

	"posture/internal/posture"
)

// branch is a project, a folder or an organization in the tree of a scope.
type branch struct {
	key      string
	own      *posture.Target // asked for
	children []*branch       // sorted by key
	all      int             // nodes in it, itself included
	left     int             // targets in it that were asked for
}

// tree returns the scope as a tree, and the targets that are not in it.
func (s *slicer) tree(targets []posture.Target) (root *branch, strays []posture.Target) {
	asked := map[string]*posture.Target{}
	for _, target := range targets {
		if n := s.common.accounts[target.Account]; n != nil {
			asked[n.Key] = &target
		} else {
			strays = append(strays, target)
		}
	}
	top := s.root.String()
	grown := map[string]*branch{}
	root = sprout(grown, top)
	for key, n := range s.common.nodes {
		if s.root.kind == "projects" {
			root.grow(asked[key])
			continue
		}
		at := root
		for _, step := range pathTo(n, top) {
			at = at.step(grown, step)
		}
		at.grow(asked[key])
	}
	root.count()
	return root, strays
}

// sprout returns the branch of a key, a new one where there is none.
func sprout(grown map[string]*branch, key string) *branch {
	if grown[key] == nil {
		grown[key] = &branch{key: key}
	}
	return grown[key]
}

// step returns the child of a key.
func (b *branch) step(grown map[string]*branch, key string) *branch {
	known := grown[key] != nil
	child := sprout(grown, key)
	if !known {
		b.children = append(b.children, child)
	}
	return child
}

// grow notes that the branch itself is there.
func (b *branch) grow(asked *posture.Target) {
	b.all++
	if asked != nil {
		b.own = asked
		b.left++
	}
}

// pathTo returns the keys from below the top down to a node, none for the top
// itself.
func pathTo(n *Node, top string) []string {
	path := n.Ancestors
	if len(path) == 0 || path[0] != n.Key {
		path = append([]string{n.Key}, path...)
	}
	if end := slices.Index(path, top); end >= 0 {
		path = path[:end]
	} else {
		path = path[:1] // where the inventory does not say that it lies below the top
	}
	path = slices.Clone(path)
	slices.Reverse(path)
	return path
}

// count adds up what is below, and sorts it.
func (b *branch) count() {
	slices.SortFunc(b.children, func(x, y *branch) int { return cmp.Compare(x.key, y.key) })
	for _, child := range b.children {
		child.count()
		b.all += child.all
		b.left += child.left
	}
}

func (b *branch) project() bool { return strings.HasPrefix(b.key, "projects/") }

// narrow returns the smallest branch that holds all that was asked for.
func (b *branch) narrow() *branch {
	for b.own == nil {
		var with []*branch
		for _, child := range b.children {
			if child.left > 0 {
				with = append(with, child)
			}
		}
		if len(with) != 1 {
			return b
		}
		b = with[0]
	}
	return b
}

// targets returns all that was asked for.
func (b *branch) targets() []posture.Target {
	var targets []posture.Target
	if b.own != nil {
		targets = append(targets, *b.own)
	}
	for _, child := range b.children {
		targets = append(targets, child.targets()...)
	}
	return targets
}
