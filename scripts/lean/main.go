// Command lean writes a go.mod to build the functions of Google Cloud with, as
// go build -modfile takes it: with a copy of one library beside it to which one
// file is added.
//
// The Functions Framework links CloudEvents, that links json-iterator, and that
// links reflect2, whose types pass on the methods by which methods are called by
// their names. Nobody calls them, but the linker cannot know that, and so keeps
// every exported method of every library: 3 MiB in the zip. The file that is
// added takes these methods away.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

const library = "github.com/modern-go/reflect2"

const added = `//go:build go1.23

package reflect2

import (
	"iter"
	"reflect"
)

const left = "reflect2: built without methods"

func (*safeType) Method(int) reflect.Method { panic(left) }

func (*safeType) MethodByName(string) (reflect.Method, bool) { panic(left) }

func (*safeType) Methods() iter.Seq[reflect.Method] { panic(left) }
`

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: lean MODULE DIRECTORY, which is below the module and named from there")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// write makes what is in the directory anew.
func write(module, directory string) error {
	out, name := filepath.Join(module, directory), path.Base(library)
	if err := os.RemoveAll(filepath.Join(out, name)); err != nil {
		return err
	}
	source, err := find(module)
	if err != nil {
		return fmt.Errorf("find %s: %w", library, err)
	}
	if err := os.CopyFS(filepath.Join(out, name), os.DirFS(source)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, name, "without_methods.go"), []byte(added), 0o600); err != nil {
		return err
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(module, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(out, file), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	replace := library + "=./" + path.Join(filepath.ToSlash(directory), name)
	if output, err := exec.Command("go", "mod", "edit", "-replace", replace, filepath.Join(out, "go.mod")).CombinedOutput(); err != nil {
		return fmt.Errorf("replace %s: %w\n%s", library, err, output)
	}
	return nil
}

// find returns where the library is, and fetches it before if need be.
func find(module string) (string, error) {
	var said []byte
	for _, step := range [][]string{{"mod", "download", library}, {"list", "-m", "-f", "{{.Dir}}", library}} {
		command := exec.Command("go", step...)
		command.Dir, command.Stderr = module, os.Stderr
		var err error
		if said, err = command.Output(); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(string(said)), nil
}
