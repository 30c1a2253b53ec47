// Package setup is what the functions and the command line have in common:
// the store, the configuration in it, the messages to Slack, and the auditor
// that they make. It links no SDK to scan with. Begin with StoredConfig.
package setup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"runtime/debug"
	"strings"

	"posture/internal/config"
	"posture/internal/store"
)

// ConfigKey is where the configuration of the functions is in the store.
const ConfigKey = "config/posture.yaml"

// Version is the program's version; the build sets it.
var Version = "dev" //nolint:gochecknoglobals // set by the linker

// StoredConfig returns the configuration in the store, or the default one
// when there is none.
func StoredConfig(ctx context.Context, s store.Store) (config.Config, error) {
	text, _, err := store.Read(ctx, s, ConfigKey, 1<<20)
	if errors.Is(err, store.ErrNotFound) {
		return config.Default(), nil
	}
	if err != nil {
		return config.Config{}, err
	}
	return config.Parse(s.String()+"/"+ConfigKey, text)
}

// Warnings returns in a line each what is wrong with the configuration: without
// the lines of the file that errors show.
func Warnings(wrong ...error) []string {
	var warnings []string
	for _, err := range wrong {
		if err != nil {
			line, _, _ := strings.Cut(err.Error(), "\n")
			warnings = append(warnings, line)
		}
	}
	return warnings
}

// Attempt returns a name that no other attempt has.
func Attempt() string {
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// Build returns the revision that the program was built from, as far as it is
// known.
func Build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return info.Main.Sum
}
