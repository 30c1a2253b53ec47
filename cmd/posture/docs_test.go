package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"posture/internal/cloud/clouds"
	"posture/internal/config"
)

// documents returns the texts that people read, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(found) == 0 {
		t.Fatalf("found %d documents: %v", len(found), err)
	}
	texts := map[string]string{}
	for _, path := range append(found, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

// block matches a fenced block and its language.
var block = regexp.MustCompile("(?ms)^```(\\w*)\\n(.*?)^```$")

// blocks returns the fenced blocks of a language.
func blocks(text, language string) []string {
	var found []string
	for _, match := range block.FindAllStringSubmatch(text, -1) {
		if match[1] == language {
			found = append(found, match[2])
		}
	}
	return found
}

// quoted and linked match what stands between backquotes, and a link to a file.
var (
	quoted = regexp.MustCompile("`([^`\n]+)`")
	linked = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

// commands returns the arguments of every call of this program in a text: the
// lines of blocks, and what stands between backquotes.
func commands(text string) [][]string {
	lines := strings.Split(strings.Join(blocks(text, ""), "\n"), "\n")
	for _, match := range quoted.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
		lines = append(lines, match[1])
	}
	var found [][]string
	for _, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		line, _, _ = strings.Cut(line, ">")
		args := strings.Fields(line)
		if len(args) > 1 && (args[0] == "posture" || args[0] == "build/posture") {
			found = append(found, args[1:])
		}
	}
	return found
}

// TestDocumentedCommands holds that every command of the documents is there,
// with its flags.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	world := &streams{out: os.Stdout, err: os.Stderr, getenv: os.Getenv, now: time.Now, clouds: clouds.All()}
	for path, text := range documents(t) {
		for _, args := range commands(text) {
			cmd, rest, err := newRoot(world).Find(args)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: posture %s: %v", path, strings.Join(args, " "), err)
			}
		}
	}
}

// restOfRule is a rule without its category and what it supports.
const restOfRule = `id: sample
title: A sample
resource: AWS::S3::Bucket
severity: low
why: Because.
require: resource.versioning
fix: Do it.
pass: [{name: a, given: {versioning: true}}]
fail: [{name: b, given: {}}]
`

// TestDocumentedYAML holds that every sample of posture.yaml and of a rule is
// one.
func TestDocumentedYAML(t *testing.T) {
	t.Parallel()
	for path, text := range documents(t) {
		for _, sample := range blocks(text, "yaml") {
			if strings.HasPrefix(sample, "category:") { // what of a rule is written so
				sample = restOfRule + sample
			}
			if !strings.HasPrefix(sample, "id:") {
				if _, err := config.Parse(path, []byte(sample)); err != nil {
					t.Error(err)
				}
				continue
			}
			id := strings.TrimSpace(strings.TrimPrefix(strings.SplitN(sample, "\n", 2)[0], "id:"))
			files := fstest.MapFS{id + ".yaml": {Data: []byte(sample)}}
			if _, err := clouds.All()[0].Policy(config.Default(), []fs.FS{files}, true); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestDocumentedLinks holds that what the documents link to is there.
func TestDocumentedLinks(t *testing.T) {
	t.Parallel()
	for path, text := range documents(t) {
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), match[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
