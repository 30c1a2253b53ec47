package main

import (
	"cmp"
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

	"posture/internal/audit"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/config"
	"posture/internal/setup"
	scanner "posture/scanners/gcp"
)

// gcpFlags say what of Google Cloud to read, and with which credentials.
type gcpFlags struct {
	organization string
	folder       string
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
	flags.StringVar(&f.folder, "folder", "", "`number` of the folder to read, with all below it")
	flags.StringSliceVar(&f.projects, "project", nil, "`id` of a project to read (may be repeated)")
	flags.StringVar(&f.impersonate, "impersonate-service-account", "", "`email` of the service account to read as")
}

func (f *gcpFlags) addServices(cmd *cobra.Command) {
	cmd.Flags().Var(&choices[string]{values: &f.services, of: "service", allowed: scanner.Services()}, "services", "`services` to read (default: all)")
	complete(cmd, "services", scanner.Services())
}

// named reports whether the flags say what to read.
func (f *gcpFlags) named() bool { return f.organization != "" || f.folder != "" || len(f.projects) > 0 }

// check refuses flags that make no sense together.
func (f *gcpFlags) check() error {
	if len(f.exports) > 0 && (f.named() || f.impersonate != "") {
		return errors.New("--from-export reads a file and no cloud: leave out --organization, --folder, --project and --impersonate-service-account")
	}
	return nil
}

// narrowed reports whether the flags ask for less than the configuration.
func (f *gcpFlags) narrowed(g config.GCP) bool {
	configured := g.Organization != "" || g.Folder != "" || len(g.Projects) > 0
	return len(f.services) > 0 || len(f.exports) > 0 || configured && f.named()
}

// over returns the configuration with what the flags say instead; without
// either, the project of the environment.
func (f *gcpFlags) over(g config.GCP, world *streams) config.GCP {
	if f.named() {
		g.Organization, g.Folder, g.Projects = f.organization, f.folder, f.projects
	}
	project := world.getenv("GOOGLE_CLOUD_PROJECT")
	if g.Organization == "" && g.Folder == "" && len(g.Projects) == 0 && project != "" {
		g.Projects = []string{project}
	}
	g.Impersonate = cmp.Or(f.impersonate, g.Impersonate)
	return g
}

// cloud makes Google Cloud one of the clouds to read, once credentials are at
// hand. What it holds is given back when the context ends.
func (f *gcpFlags) cloud(ctx context.Context, c *common, cfg config.Config) (audit.Cloud, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return audit.Cloud{}, err
	}
	if _, wrong := setup.Known(cfg, own); len(wrong) > 0 {
		return audit.Cloud{}, errors.Join(wrong...)
	}
	cfg.GCP = f.over(cfg.GCP, c.world)
	options := gcpcloud.Options{Config: cfg, Rules: own, GCP: scanner.Options{Services: f.services, Now: c.world.now}}
	if len(f.services) == 0 {
		options.GCP.Services = cfg.GCP.Services
	}
	if options.Policy, err = gcpcloud.LoadPolicy(cfg, own, false); err != nil {
		return audit.Cloud{}, err // what is wrong with the rules is told without credentials
	}
	if len(f.exports) > 0 {
		err = f.openExports(ctx, &options)
	} else {
		err = reachGCP(c.world, &options)
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

// reachGCP finds out whether anything is in scope, and with which credentials
// to read it.
func reachGCP(world *streams, options *gcpcloud.Options) error {
	scopes, err := gcpcloud.Scopes(options.Config.GCP)
	if err != nil {
		return err
	}
	if len(scopes) == 0 {
		return errors.New("nothing says what to read: pass --organization NUMBER, --folder NUMBER or --project ID, or write it under gcp in posture.yaml")
	}
	if endpoint := world.getenv(endpointVariable); endpoint != "" {
		options.GCP.Client, options.GCP.REST, err = loopback(endpoint)
		return err
	}
	options.GCP.Client, options.GCP.Caller, err = scanner.Credentials(options.Config.GCP.Impersonate)
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
