package azurecloud

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"posture/internal/config"
	"posture/scanners/azure"
)

// EndpointVariable names a stand-in for Azure, for tests. Only a server on this
// machine is taken for one, and it is sent no credentials.
const EndpointVariable = "POSTURE_AZURE_ENDPOINT"

// Environment returns the credentials of whoever runs the program, as the
// Azure SDK finds them: the environment, a workload or managed identity, the
// Azure CLI.
func Environment(_ context.Context, a config.Azure, getenv func(string) string) (azure.Options, error) {
	if endpoint := getenv(EndpointVariable); endpoint != "" {
		return Loopback(endpoint)
	}
	where := azure.Clouds()[a.Cloud]
	found, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: policy.ClientOptions{Cloud: where.Configuration()}, TenantID: a.Tenant,
	})
	if err != nil {
		return azure.Options{}, fmt.Errorf("no Azure credentials work here, sign in with az login: %w", err)
	}
	return azure.Options{Credential: found, Cloud: where}, nil
}

// Given are settings for reading that are at hand already.
func Given(o azure.Options) Credentials {
	return func(context.Context, config.Azure, func(string) string) (azure.Options, error) { return o, nil }
}

// nobody signs in to a stand-in.
type nobody struct{}

// GetToken implements azcore.TokenCredential.
func (nobody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "none", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Loopback returns how a stand-in for Azure on this machine is reached.
func Loopback(endpoint string) (azure.Options, error) {
	at, err := url.Parse(endpoint)
	if err != nil || at.Scheme != "http" {
		return azure.Options{}, fmt.Errorf("%s: expected http:// and an address of this machine, for tests", EndpointVariable)
	}
	address, err := netip.ParseAddr(at.Hostname())
	if err != nil || !address.IsLoopback() {
		return azure.Options{}, fmt.Errorf("%s: %q is no address of this machine", EndpointVariable, at.Hostname())
	}
	host := "http://" + at.Host
	where := azure.Clouds()[config.DefaultAzureCloud]
	where.Manager, where.Graph = host, host
	return azure.Options{Credential: nobody{}, Cloud: where, Insecure: true, Backoff: time.Millisecond}, nil
}
