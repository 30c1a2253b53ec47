// Package pythontest finds the programs from PyPI that tests need. It
// installs nothing; make python does. Begin with Find.
package pythontest

import (
	"fmt"
	"os"
	"path/filepath"
)

// Find returns the path of a program: the one that the environment variable
// names, else that of make python.
func Find(program, variable string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		return path, nil
	}
	if root, err := Root(); err == nil {
		path := filepath.Join(root, "build", "python", "bin", program)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run make python, or set %s to its path", program, variable)
}

// Root returns the folder of the module, which holds go.mod.
func Root() (string, error) {
	folder, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		if filepath.Dir(folder) == folder {
			return "", os.ErrNotExist
		}
		folder = filepath.Dir(folder)
	}
	return "", err
}
