package main

import (
	"cmp"
	"path/filepath"
	"regexp"
	"strings"
)

// plainWord matches what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// command returns the line for a shell that calls this program again, as it
// was called, with other arguments.
func (w *streams) command(args ...string) string {
	line := cmp.Or(w.program, "posture")
	if strings.Contains(filepath.ToSlash(line), "/go-build") { // by go run, which removes it
		line = "go run ./cmd/posture"
	} else {
		line = shellWord(line)
	}
	for _, arg := range args {
		line += " " + shellWord(arg)
	}
	return line
}

func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
