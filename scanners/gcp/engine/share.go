package engine

import (
	"encoding/json"
	"fmt"

	"posture/scanners/packed"
)

// share is the assets of one type that belong to one project, folder or
// organization, kept compressed: an estate of 100,000 would otherwise not fit
// into a small function. Of each asset there is a text that describes it, and
// one with its data.
type share struct{ packed.Texts }

// size returns how many assets there are.
func (s *share) size() int { return s.Len() / 2 }

// add keeps an asset.
func (s *share) add(p *packed.Packer, a *Asset) error {
	head, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep %s: %w", a.Name, err)
	}
	p.Add(&s.Texts, head)
	p.Add(&s.Texts, a.Data)
	return nil
}

// each hands every asset of the share to do until it returns false. The asset
// is the callee's only until it returns.
func (s *share) each(p *packed.Packer, typ string, do func(*Asset) bool) error {
	var a *Asset
	var bad error
	err := p.Each(&s.Texts, func(text []byte) bool {
		if a == nil {
			a = &Asset{Type: typ}
			bad = json.Unmarshal(text, a)
			return bad == nil
		}
		a.Data = text
		more := do(a)
		a = nil
		return more
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", typ, err)
	}
	return nil
}
