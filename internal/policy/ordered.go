package policy

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/traits"
)

// orderedMap is a map of texts whose keys come sorted, so that an expression
// over it always gives the same.
type orderedMap struct {
	traits.Mapper
	adapter types.Adapter
	texts   map[string]string
}

func newOrderedMap(adapter types.Adapter, texts map[string]string) orderedMap {
	return orderedMap{types.NewStringStringMap(adapter, texts), adapter, texts}
}

// Iterator returns the keys, sorted.
func (m orderedMap) Iterator() traits.Iterator {
	return types.NewStringList(m.adapter, sortedKeys(m.texts)).Iterator()
}

// Fold gives the folder the entries, sorted by their keys.
func (m orderedMap) Fold(f traits.Folder) {
	for _, key := range sortedKeys(m.texts) {
		if !f.FoldEntry(key, m.texts[key]) {
			return
		}
	}
}
