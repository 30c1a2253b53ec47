// Command gcpsource packs what Cloud Functions builds the functions of Google
// Cloud from: the registering package at the root, this module's packages that
// it needs beside it, and the versions that this module pins. Equal sources
// make equal zips.
//
// The root is a module of its own because Cloud Functions builds only modules
// whose path has a dot.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	root = "functions/gcp/function" // the package that stands at the root
	tags = "disable_grpc_modules,grpcnotrace"
	path = "posture.invalid/function"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: gcpsource MODULE OUT.zip")
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// pack writes the archive beside its final name and moves it there when it is
// whole.
func pack(module, out string) error {
	files, err := collect(module)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	file, err := os.Create(out + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(write(file, files), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	return os.Rename(out+".part", out)
}

// listed is what go list says of a package.
type listed struct {
	Dir                 string
	GoFiles, EmbedFiles []string
	Module              *struct{ Main bool }
}

// collect returns the files of the archive by their names.
func collect(module string) (map[string][]byte, error) {
	module, err := filepath.Abs(module)
	if err != nil {
		return nil, err
	}
	packages, err := list(module)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, p := range packages {
		for _, name := range append(p.GoFiles, p.EmbedFiles...) {
			source := filepath.Join(p.Dir, name)
			relative, err := filepath.Rel(module, source)
			if err != nil {
				return nil, err
			}
			text, err := os.ReadFile(source)
			if err != nil {
				return nil, err
			}
			files[place(filepath.ToSlash(relative))] = text
		}
	}
	return files, modules(module, files)
}

// place returns where a file of the module is in the archive.
func place(name string) string {
	if base, found := strings.CutPrefix(name, root+"/"); found {
		return base
	}
	return "posture/" + name
}

// list returns the module's packages that the root needs.
func list(module string) ([]listed, error) {
	command := exec.Command("go", "list", "-deps", "-tags", tags, "-json=Dir,GoFiles,EmbedFiles,Module", "./"+root)
	command.Dir, command.Stderr = module, os.Stderr
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && p.Module.Main {
			packages = append(packages, p)
		}
	}
}

// modules adds the files that say what is built with what.
func modules(module string, files map[string][]byte) error {
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return err
	}
	files["posture/go.mod"], files["posture/go.sum"], files["go.sum"] = mod, sum, sum
	_, rest, found := strings.Cut(string(mod), "\n")
	if !found {
		return errors.New("go.mod has one line only")
	}
	files["go.mod"] = []byte("module " + path + "\n" + rest + "\nrequire posture v0.0.0\n\nreplace posture => ./posture\n")
	return nil
}

// write writes the archive.
func write(w io.Writer, files map[string][]byte) error {
	archive := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		header.SetMode(0o644)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(files[name]); err != nil {
			return err
		}
	}
	return archive.Close()
}
