package demo

import (
	"fmt"
	"os"

	"posture/internal/store"
)

// OpenStore opens the directory that the demo is to keep its runs in, a new
// one where none is named.
func OpenStore(directory string) (store.Store, error) {
	if directory == "" {
		fresh, err := os.MkdirTemp("", "posture-demo-")
		if err != nil {
			return nil, fmt.Errorf("make a directory for the demo: %w", err)
		}
		directory = fresh
	}
	url, err := store.ParseURL(directory)
	if err != nil {
		return nil, err
	}
	if url.Scheme != store.SchemeDir {
		return nil, fmt.Errorf("store %s: the demo keeps its runs in a directory", url)
	}
	return store.Dir(url.Dir), nil
}
