package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/policy"
	"posture/rules"
)

// ruleDirectories opens directories of rules.
func ruleDirectories(paths []string) ([]fs.FS, error) {
	var own []fs.FS
	for _, path := range paths {
		dir, err := ruleDirectory(path)
		if err != nil {
			return nil, err
		}
		own = append(own, dir)
	}
	return own, nil
}

func ruleDirectory(path string) (policy.Named, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return policy.Named{}, fmt.Errorf("rules: %s is not a directory: expected one that holds rule files", path)
	}
	return policy.Named{FS: ruleFiles{os.DirFS(path)}, Name: path}, nil
}

// ruleFiles is a directory without what can be no rule: hidden files, and at
// its top the configuration, and of a checkout the criteria, what is left out, and
// the tests' data.
type ruleFiles struct{ fs.FS }

// ReadDir lists a directory, sorted by name.
func (f ruleFiles) ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, dir)
	return slices.DeleteFunc(entries, func(entry fs.DirEntry) bool {
		name := entry.Name()
		_, noCriteria := fs.Stat(rules.Criteria, name)
		return strings.HasPrefix(name, ".") || dir == "." && (name == configFile || name == "left-out.yaml" || name == "testdata" || noCriteria == nil)
	}), err
}

// example is one example of a rule's file.
type example struct {
	Name   string         `yaml:"name" json:"name"`
	Given  map[string]any `yaml:"given" json:"given"`
	Unread []string       `yaml:"unread" json:"unread,omitempty"`
	Params map[string]any `yaml:"params" json:"params,omitempty"`
	Now    string         `yaml:"now" json:"now,omitempty"`
}

// ruleText is what a rule's file says that rules in use do not tell.
type ruleText struct {
	file     string
	Resource string    `yaml:"resource"`
	Applies  string    `yaml:"applies"`
	Pass     []example `yaml:"pass"`
	Fail     []example `yaml:"fail"`
	Unknown  []example `yaml:"unknown"`
	Outside  []example `yaml:"outside"`
}

// examples returns how many examples the file has.
func (t ruleText) examples() int {
	return len(t.Pass) + len(t.Fail) + len(t.Unknown) + len(t.Outside)
}

// ruleTexts reads the files of all rules in the file systems, by id.
func ruleTexts(files []fs.FS) (map[string]ruleText, error) {
	found := map[string]ruleText{}
	for _, dir := range files {
		err := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			id, isRule := strings.CutSuffix(entry.Name(), ".yaml")
			if !isRule {
				return nil
			}
			text, err := readRuleText(dir, path)
			found[id] = text
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
	}
	return found, nil
}

func readRuleText(dir fs.FS, path string) (ruleText, error) {
	text := ruleText{file: path}
	if named, ok := dir.(policy.Named); ok {
		text.file = strings.TrimSuffix(named.Name, "/") + "/" + path
	}
	content, err := fs.ReadFile(dir, path)
	if err != nil {
		return text, err
	}
	return text, yaml.Unmarshal(content, &text)
}

// builtIn returns the files of the rules that come with the program.
func (w *streams) builtIn() []fs.FS {
	var files []fs.FS
	for _, c := range w.clouds {
		files = append(files, policy.Named{FS: c.Files, Name: "rules"})
	}
	return files
}
