package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/config"
)

// common holds the flags that several commands have.
type common struct {
	world  *streams
	config string
	store  string
	rules  []string
	format string
}

func (c *common) addConfig(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config, "config", "", "configuration `file` (default: posture.yaml here, if there is one)")
	_ = cmd.MarkFlagFilename("config", "yaml")
}

// addStore adds the flags of all commands that read stored runs.
func (c *common) addStore(cmd *cobra.Command) {
	c.addConfig(cmd)
	cmd.Flags().StringVar(&c.store, "store", "", "directory or `URL` of the stored runs: s3://bucket/prefix, gs://bucket/prefix or azblob://account/container/prefix (default: the one in posture.yaml, else your data directory)")
	_ = cmd.MarkFlagDirname("store")
}

func (c *common) addRules(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.rules, "rules", nil, "`directory` with rules of your own (may be repeated)")
	_ = cmd.MarkFlagDirname("rules")
}

// addFormat adds --format with the first of the formats as its default, and where
// that is a table --wide.
func (c *common) addFormat(cmd *cobra.Command, formats ...string) {
	flag := choice{value: &c.format, of: "format", allowed: formats}
	c.format = formats[0]
	cmd.Flags().Var(&flag, "format", "output `format`: "+wrapped(formats))
	complete(cmd, "format", formats)
	if formats[0] == "table" {
		cmd.Flags().BoolVar(&c.world.wide, "wide", false, "do not cut tables to the width of the terminal")
	}
}

// loadConfig reads the configuration that the flags name, or posture.yaml in
// the working directory, or none.
func (c *common) loadConfig() (config.Config, error) {
	if c.config != "" {
		return loadFile(c.config)
	}
	if _, err := os.Stat(configFile); errors.Is(err, fs.ErrNotExist) {
		return config.Default(), nil
	}
	return loadFile(configFile)
}

const configFile = "posture.yaml"

func loadFile(path string) (config.Config, error) {
	cfg, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Config{}, noFile(path)
	}
	return cfg, err
}

// noFile says that there is no configuration where somebody said that it is.
func noFile(path string) error {
	return fmt.Errorf("no such file %s: name the configuration with --config FILE", path)
}

func (c *common) addSince(cmd *cobra.Command, at *time.Time, what, usual string) {
	cmd.Flags().Var(&moment{at: at, now: c.world.now}, "since", what+" since this `time`: 2026-11-22, 36h, 7d"+usual)
}
