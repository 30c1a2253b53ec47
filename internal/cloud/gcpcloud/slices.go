package gcpcloud

import (
	"context"
	"iter"
	"time"

	"posture/internal/posture"
	"posture/scanners/gcp"
)

// slices reads what is in scope slice by slice, scope after scope.
func (c *Cloud) slices(ctx context.Context, want posture.Want, began time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
	return func(yield func([]posture.Target, error) bool) {
		shares, err := c.shares(ctx, targets)
		if err != nil {
			yield(nil, err)
			return
		}
		for inventory, its := range shares {
			for slice, err := range inventory.Slices(ctx, gcp.Ask{Want: want, Began: began, Targets: its}) {
				c.hold(slice)
				more := yield(slice.Targets, err)
				c.hold(gcp.Slice{})
				if !more {
					return
				}
			}
		}
	}
}

// shares tells which inventory holds which of the targets. One that was in
// scope when the run was planned and is so no longer is looked for in the
// first one, which can look back.
func (c *Cloud) shares(ctx context.Context, targets []posture.Target) (iter.Seq2[*gcp.Inventory, []posture.Target], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byAccount == nil {
		if _, err := c.find(ctx); err != nil {
			return nil, err
		}
	}
	by := map[*gcp.Inventory][]posture.Target{}
	for _, target := range targets {
		holder := c.byAccount[target.Account]
		if holder == nil {
			holder = c.inventories[0]
		}
		by[holder] = append(by[holder], target)
	}
	inventories := c.inventories
	return func(yield func(*gcp.Inventory, []posture.Target) bool) {
		for _, inventory := range inventories {
			if len(by[inventory]) > 0 && !yield(inventory, by[inventory]) {
				return
			}
		}
	}, nil
}

// hold keeps a slice for its targets to be opened, instead of the last one.
func (c *Cloud) hold(slice gcp.Slice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slice = map[string]*gcp.Project{}
	for _, target := range slice.Targets {
		c.slice[target.Account] = slice.Project(target)
	}
}
