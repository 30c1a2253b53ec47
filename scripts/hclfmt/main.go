// Command hclfmt fails when a Terraform file below the folders that it is given
// cannot be parsed or is not in the form of terraform fmt. It needs no
// Terraform.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func main() {
	bad := 0
	for _, folder := range os.Args[1:] {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".tf") {
				return err
			}
			if err := check(path); err != nil {
				fmt.Fprintln(os.Stderr, err)
				bad++
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			bad++
		}
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// check parses one file and compares it with its canonical form.
func check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, mistakes := hclwrite.ParseConfig(text, path, hcl.InitialPos); mistakes.HasErrors() {
		return mistakes
	}
	if !bytes.Equal(text, hclwrite.Format(text)) {
		return fmt.Errorf("%s: not formatted, run terraform fmt", path)
	}
	return nil
}
