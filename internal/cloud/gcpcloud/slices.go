package gcpcloud

import (
	"context"
	"iter"
	"time"

	"posture/internal/posture"
	"posture/scanners/gcp"
)

// slices reads what is in scope slice by slice, root after root.
func (p *pass) slices(ctx context.Context, want posture.Want, began time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
	return func(yield func([]posture.Target, error) bool) {
		shares, err := p.shares(ctx, targets)
		if err != nil {
			yield(nil, err)
			return
		}
		for inventory, its := range shares {
			for slice, err := range inventory.Slices(ctx, gcp.Ask{Want: want, Began: began, Targets: its}) {
				p.hold(slice)
				more := yield(slice.Targets, err)
				p.hold(gcp.Slice{})
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
func (p *pass) shares(ctx context.Context, targets []posture.Target) (iter.Seq2[*gcp.Inventory, []posture.Target], error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byAccount == nil {
		if _, err := p.find(ctx); err != nil {
			return nil, err
		}
	}
	by := map[*gcp.Inventory][]posture.Target{}
	for _, target := range targets {
		holder := p.byAccount[target.Account]
		if holder == nil {
			holder = p.inventories[0]
		}
		by[holder] = append(by[holder], target)
	}
	inventories := p.inventories
	return func(yield func(*gcp.Inventory, []posture.Target) bool) {
		for _, inventory := range inventories {
			if len(by[inventory]) > 0 && !yield(inventory, by[inventory]) {
				return
			}
		}
	}, nil
}

// hold keeps a slice for its targets to be opened, instead of the last one.
func (p *pass) hold(slice gcp.Slice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slice = map[string]*gcp.Project{}
	for _, target := range slice.Targets {
		p.slice[target.Account] = slice.Project(target)
	}
}
