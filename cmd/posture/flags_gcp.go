package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"posture/functions/setup/gcpcloud"
	"posture/internal/audit"
	"posture/internal/config"
	scanner "posture/scanners/gcp"
)

// gcpFlags say what of Google Cloud to read, and with which credentials.
type gcpFlags struct {
	organization string
	folders      []string
	projects     []string
	impersonate  string
	exports      []string
	services     []string
}

func (f *gcpFlags) add(cmd *cobra.Command) {
	f.addScope(cmd)
	f.addServices(cmd)
	cmd.Flags().StringArrayVar(&f.exports, "from-export", nil, "read this `file` of gcloud asset export instead of the cloud (may be repeated: resources, IAM policies, organization policies)")
	_ = cmd.MarkFlagFilename("from-export")
}

func (f *gcpFlags) addScope(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.organization, "organization", "", "`number` of the organization to read, with all below it")
	flags.StringSliceVar(&f.folders, "folder", nil, "`number` of a folder to read, with all below it (may be repeated)")
	flags.StringSliceVar(&f.projects, "project", nil, "`id` of a project to read (may be repeated; default: GOOGLE_CLOUD_PROJECT)")
	flags.StringVar(&f.impersonate, "impersonate-service-account", "", "`email` of the service account to read as")
}

func (f *gcpFlags) addServices(cmd *cobra.Command) {
	cmd.Flags().Var(&choices[string]{values: &f.services, of: "service", allowed: scanner.Services()}, "services", "`services` to read (default: all)")
	complete(cmd, "services", scanner.Services())
}

// scopes returns what to read.
func (f *gcpFlags) scopes(world *streams) ([]scanner.Scope, error) {
	var scopes []scanner.Scope
	add := func(scope scanner.Scope, err error) error {
		scopes = append(scopes, scope)
		return err
	}
	var wrong error
	if f.organization != "" {
		wrong = errors.Join(wrong, add(scanner.InOrganization(f.organization)))
	}
	for _, folder := range f.folders {
		wrong = errors.Join(wrong, add(scanner.InFolder(folder)))
	}
	for _, project := range f.projects {
		wrong = errors.Join(wrong, add(scanner.InProject(project)))
	}
	if project := world.getenv("GOOGLE_CLOUD_PROJECT"); len(scopes) == 0 && project != "" {
		wrong = add(scanner.InProject(project))
	}
	if len(scopes) == 0 {
		return nil, errors.New("nothing says what to read: pass --organization NUMBER, --folder NUMBER or --project ID")
	}
	return scopes, wrong
}

// check refuses flags that make no sense together.
func (f *gcpFlags) check() error {
	live := f.organization != "" || len(f.folders) > 0 || len(f.projects) > 0 || f.impersonate != ""
	if len(f.exports) > 0 && live {
		return errors.New("--from-export reads a file and no cloud: leave out --organization, --folder, --project and --impersonate-service-account")
	}
	return nil
}

// narrowed reports whether the flags leave out some of what is in the scope.
func (f *gcpFlags) narrowed() bool { return len(f.services) > 0 || len(f.exports) > 0 }

// cloud makes Google Cloud one of the clouds to read, once credentials are at
// hand. What it holds is given back when the context ends.
func (f *gcpFlags) cloud(ctx context.Context, c *common, cfg config.Config) (audit.Cloud, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return audit.Cloud{}, err
	}
	options := gcpcloud.Options{Config: cfg, Rules: own, GCP: scanner.Options{Services: f.services, Now: c.world.now}}
	if options.Policy, err = gcpcloud.LoadPolicy(cfg, own, false); err != nil {
		return audit.Cloud{}, err // what is wrong with the rules is told without credentials
	}
	if len(f.exports) > 0 {
		err = f.openExports(ctx, &options)
	} else {
		err = f.reach(c.world, &options)
	}
	if err != nil {
		return audit.Cloud{}, err
	}
	cloud, err := gcpcloud.New(options)
	if err != nil {
		return audit.Cloud{}, err
	}
	context.AfterFunc(ctx, func() { _ = cloud.Close() })
	return cloud.Cloud(), nil
}

// reach finds out what to read and with which credentials.
func (f *gcpFlags) reach(world *streams, options *gcpcloud.Options) error {
	var err error
	if options.Scopes, err = f.scopes(world); err != nil {
		return err
	}
	if endpoint := world.getenv(endpointVariable); endpoint != "" {
		options.GCP.Client, options.GCP.REST, err = loopback(endpoint)
		return err
	}
	options.GCP.Client, options.GCP.Caller, err = scanner.Credentials(f.impersonate)
	return err
}

// endpointVariable is gcloud's own: another place where the inventory is. Only
// a server on this machine is taken for one, and it is sent no credentials.
const endpointVariable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDASSET"

// loopback returns how clients reach a stand-in for Google Cloud.
func loopback(endpoint string) (inventory, rest []option.ClientOption, err error) {
	at, err := url.Parse(endpoint)
	if err != nil || at.Scheme != "http" {
		return nil, nil, fmt.Errorf("%s: expected http:// and an address of this machine, for tests", endpointVariable)
	}
	address, err := netip.ParseAddr(at.Hostname())
	if err != nil || !address.IsLoopback() {
		return nil, nil, fmt.Errorf("%s: %q is no address of this machine", endpointVariable, at.Hostname())
	}
	open := option.WithoutAuthentication()
	plain := option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))
	return []option.ClientOption{option.WithEndpoint(at.Host), open, plain},
		[]option.ClientOption{option.WithEndpoint("http://" + at.Host), open}, nil
}

// openExports opens the files. They are read, and closed, when the program
// ends at the latest.
func (f *gcpFlags) openExports(ctx context.Context, options *gcpcloud.Options) error {
	for _, path := range f.exports {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read the export: %w", err)
		}
		context.AfterFunc(ctx, func() { _ = file.Close() })
		options.Exports = append(options.Exports, scanner.Export{Name: path, Reader: file})
	}
	return nil
}
