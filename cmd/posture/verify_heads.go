package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"posture/internal/snapshot"
)

// headForm matches an end of the chain as verify prints it, and shorter.
var headForm = regexp.MustCompile(`^(?:chain ends at )?(?:([0-9]{1,9})[,: ] ?)?(?:sha256[: ])?([0-9a-fA-F]{64})$`)

// noted returns the ends of the chain that were noted elsewhere: those of the
// flag, and those of a file.
func noted(heads []string, file string) ([]snapshot.Link, error) {
	var notes []snapshot.Link
	for _, text := range heads {
		note, err := parseHead(text)
		if err != nil {
			return nil, fmt.Errorf("--head: %w", err)
		}
		notes = append(notes, note)
	}
	if file == "" {
		return notes, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--heads: %w", err)
	}
	before := len(notes)
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		note, err := parseHead(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		notes = append(notes, note)
	}
	if len(notes) == before {
		return nil, fmt.Errorf("--heads: %s has no end of the chain in it", file)
	}
	return notes, nil
}

func parseHead(text string) (snapshot.Link, error) {
	parts := headForm.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return snapshot.Link{}, fmt.Errorf("%.80q is no end of the chain: expected \"12, sha256 \" and 64 hexadecimal digits, as posture verify prints it", text)
	}
	note := snapshot.Link{Manifest: strings.ToLower(parts[2])}
	if parts[1] != "" {
		sequence, err := strconv.Atoi(parts[1])
		if err != nil || sequence < 1 {
			return snapshot.Link{}, fmt.Errorf("%.80q: the chain begins at 1", text)
		}
		note.Sequence = sequence
	}
	return note, nil
}
