// Command mutate holds that the tests of packages notice changes of their code.
// It has gremlins change one operator after the other, in a copy, and run the
// package's own tests each time, with -short. It fails when the tests of a
// package notice less than 90 in a hundred of the changes that they reach, and
// when a change that they do not notice is not in survivors.txt, with the reason.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// least is the percentage of changes that the tests of a package must notice.
const least = 90

func main() {
	if len(os.Args) < 5 {
		log.Fatal("usage: mutate GREMLINS MODULE SURVIVORS PACKAGE...")
	}
	log.SetFlags(0)
	gremlins, err := filepath.Abs(os.Args[1]) // it runs elsewhere
	if err != nil {
		log.Fatal(err)
	}
	faults, err := check(gremlins, os.Args[2], os.Args[3], os.Args[4:])
	if err != nil {
		log.Fatal(err)
	}
	for _, fault := range faults {
		log.Print(fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// check returns what is wrong with the tests of the packages.
func check(gremlins, module, list string, packages []string) ([]string, error) {
	excused, err := readSurvivors(list)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	source := filepath.Join(work, "source")
	if err := copyModule(module, source); err != nil {
		return nil, fmt.Errorf("copy the module: %w", err)
	}
	var faults []string
	for _, pkg := range packages {
		found, err := mutate(gremlins, source, pkg, excused)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pkg, err)
		}
		faults = append(faults, found...)
	}
	for key, left := range excused {
		if left > 0 && touches(key, packages) {
			log.Printf("noticed, so it may leave %s:\n%s\n", list, key)
		}
	}
	return faults, nil
}

// touches reports whether the survivor is of one of the packages.
func touches(survivor string, packages []string) bool {
	for _, pkg := range packages {
		if strings.HasPrefix(survivor, pkg+"/") {
			return true
		}
	}
	return false
}

// copyModule copies what git knows of the module, and what it would take,
// so that gremlins need not copy build/ for each worker.
func copyModule(module, to string) error {
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = module
	names, err := git.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(module, name))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// results are what gremlins found, as far as it is used here.
type results struct {
	Killed int `json:"mutants_killed"`
	Lived  int `json:"mutants_lived"`
	Files  []struct {
		Name      string `json:"file_name"` // from the package
		Mutations []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			Line   int    `json:"line"`
		} `json:"mutations"`
	} `json:"files"`
}

// mutate tries one package and returns what is wrong with its tests. It takes
// the survivors that it meets off those that are excused.
func mutate(gremlins, source, pkg string, excused map[string]int) ([]string, error) {
	out := filepath.Join(source, "..", "results.json")
	environment := append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -vet=off -short") // the tests are to notice, not vet
	compile := exec.Command("go", "test", "-run", "^$", "-cover", "./"+pkg+"/...")          // or gremlins would take that for the time of the tests
	compile.Dir, compile.Stderr, compile.Env = source, os.Stderr, environment
	if err := compile.Run(); err != nil {
		return nil, fmt.Errorf("go test: %w", err)
	}
	run := exec.Command(gremlins, "unleash", "--silent", "--workers", "2", "--timeout-coefficient", "10", "--output", out, "./"+pkg)
	run.Dir, run.Stdout, run.Stderr, run.Env = source, os.Stdout, os.Stderr, environment
	if err := run.Run(); err != nil {
		return nil, fmt.Errorf("gremlins: %w", err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(content, &r); err != nil {
		return nil, err
	}
	return judge(r, source, pkg, excused)
}

// judge compares the results with what is asked.
func judge(r results, source, pkg string, excused map[string]int) ([]string, error) {
	var faults []string
	for _, file := range r.Files {
		name := filepath.ToSlash(filepath.Join(pkg, file.Name))
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return nil, err
		}
		lines := strings.Split(string(content), "\n")
		for _, m := range file.Mutations {
			if m.Status == "TIMED OUT" {
				log.Printf("out of time, so it counts for nothing (line %d):\n%s\n", m.Line, survivor(name, m.Type, lines[m.Line-1]))
			}
			if m.Status != "LIVED" {
				continue
			}
			key := survivor(name, m.Type, lines[m.Line-1])
			if excused[key]--; excused[key] < 0 {
				faults = append(faults, fmt.Sprintf("not noticed, and no reason given (line %d):\n%s\n", m.Line, key))
			}
		}
	}
	noticed := 100 * float64(r.Killed) / float64(max(r.Killed+r.Lived, 1))
	log.Printf("%s: the tests notice %d of %d changes, %.1f%%", pkg, r.Killed, r.Killed+r.Lived, noticed)
	if noticed < least {
		faults = append(faults, fmt.Sprintf("%s: expected at least %d%%", pkg, least))
	}
	return faults, nil
}

// survivor names a change that is not noticed: its file, what is changed, and
// the line of code, which says more than its number and holds longer.
func survivor(file, kind, line string) string {
	return file + " " + kind + "\n\t" + strings.TrimSpace(line)
}

// readSurvivors reads how many changes of each name are excused. The file has
// one block of three lines for each: file and kind, line of code, reason.
func readSurvivors(file string) (map[string]int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	excused := map[string]int{}
	for _, block := range strings.Split(strings.TrimSpace(string(content)), "\n\n") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		name, kind, ok := strings.Cut(lines[0], " ")
		if strings.HasPrefix(block, "#") {
			continue
		}
		if !ok || len(lines) != 3 || strings.TrimSpace(lines[2]) == "" {
			return nil, fmt.Errorf("%s: expected a file and a kind, a line of code and a reason, found:\n%s", file, block)
		}
		excused[survivor(name, kind, lines[1])]++
	}
	return excused, nil
}
