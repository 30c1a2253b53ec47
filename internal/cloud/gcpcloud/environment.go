package gcpcloud

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"posture/scanners/gcp"
)

// EndpointVariable is gcloud's own: another place where the inventory is. Only
// a server on this machine is taken for one, and it is sent no credentials.
const EndpointVariable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDASSET"

// Environment returns the application default credentials of whoever runs the
// program.
func Environment(ctx context.Context, impersonate string, getenv func(string) string) (o gcp.Options, err error) {
	if endpoint := getenv(EndpointVariable); endpoint != "" {
		o.Client, o.REST, err = loopback(endpoint)
		return o, err
	}
	o.Client, o.Caller, err = gcp.Credentials(ctx, impersonate)
	return o, err
}

// Given are settings for reading that are at hand already.
func Given(o gcp.Options) Credentials {
	return func(context.Context, string, func(string) string) (gcp.Options, error) { return o, nil }
}

// loopback returns how clients reach a stand-in for Google Cloud.
func loopback(endpoint string) (inventory, rest []option.ClientOption, err error) {
	at, err := url.Parse(endpoint)
	if err != nil || at.Scheme != "http" {
		return nil, nil, fmt.Errorf("%s: expected http:// and an address of this machine, for tests", EndpointVariable)
	}
	address, err := netip.ParseAddr(at.Hostname())
	if err != nil || !address.IsLoopback() {
		return nil, nil, fmt.Errorf("%s: %q is no address of this machine", EndpointVariable, at.Hostname())
	}
	open := option.WithoutAuthentication()
	plain := option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))
	return []option.ClientOption{option.WithEndpoint(at.Host), open, plain},
		[]option.ClientOption{option.WithEndpoint("http://" + at.Host), open}, nil
}
