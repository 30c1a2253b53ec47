package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"posture/functions/setup"
	"posture/internal/config"
	"posture/internal/store"
	"posture/internal/store/s3store"
)

func newRoot(world *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "posture",
		Short: "Turn cloud settings into SOC 2 evidence, and tell what regressed",
		Long: `posture reads the settings of cloud accounts with calls that only read, judges
them by rules, keeps the findings as evidence, and tells what changed since
people were last told.

  posture demo                 see it at work on a sample account
  posture scan aws             scan the AWS account of your credentials
  posture findings             what the latest scan found
  posture changes              what changed, run by run
  posture doctor aws           which permissions are missing
  posture verify               check that the stored evidence is unchanged

Exit codes: 0 fine, 1 findings at or over --fail-on, 2 wrong usage or
configuration, 3 the scan itself was incomplete.`,
		SilenceUsage: true, SilenceErrors: true,
		Version: setup.Version,
	}
	root.SetVersionTemplate("posture {{.Version}}\n")
	root.AddCommand(
		newScan(world),
		newDemo(world),
	)
	return root
}

// common holds the flags that several commands have.
type common struct {
	world  *streams
	config string
	store  string
	rules  []string
}

func (c *common) addConfig(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config, "config", "", "`file` with the configuration (default: posture.yaml here, if there is one)")
	_ = cmd.MarkFlagFilename("config", "yaml")
}

func (c *common) addStore(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.store, "store", "", "where runs are kept: a directory or s3://`bucket/prefix` (default: the configuration's, else a directory of yours)")
}

func (c *common) addRules(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.rules, "rules", nil, "`directory` with rules of your own (may be repeated)")
	_ = cmd.MarkFlagDirname("rules")
}

// loadConfig reads the configuration that the flags name, or posture.yaml in
// the working directory, or none.
func (c *common) loadConfig() (config.Config, error) {
	path := c.config
	if path == "" {
		if _, err := os.Stat("posture.yaml"); err != nil {
			return config.Default(), nil
		}
		path = "posture.yaml"
	}
	return config.Load(path)
}

// defaultStore is the directory of runs when nobody names one.
func (c *common) defaultStore() (string, error) {
	if data := c.world.getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "posture"), nil
	}
	home := c.world.getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("there is no home directory to keep runs in: pass --store DIRECTORY")
	}
	return filepath.Join(home, ".local", "share", "posture"), nil
}

// openStore opens the store that the flags or the configuration name.
func (c *common) openStore(ctx context.Context, cfg config.Config) (store.Store, error) {
	raw := c.store
	if raw == "" {
		raw = cfg.Store
	}
	if raw == "" {
		var err error
		if raw, err = c.defaultStore(); err != nil {
			return nil, err
		}
	}
	url, err := store.ParseURL(raw)
	if err != nil {
		return nil, err
	}
	switch url.Scheme {
	case store.SchemeDir:
		return store.Dir(url.Dir), nil
	case store.SchemeS3:
		loaded, err := awsconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("load the AWS configuration: %w", err)
		}
		return s3store.New(newS3(loaded), url.Bucket, url.Prefix), nil
	default:
		return nil, fmt.Errorf("store %s: this program keeps runs in a directory or in s3://", url)
	}
}

func newS3(cfg aws.Config) *s3.Client {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
}
