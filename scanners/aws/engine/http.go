package engine

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// attemptTimeout is for one try of one call.
const attemptTimeout = 15 * time.Second

// idleConnections is how many connections are kept for further calls. Every
// bucket is a host of its own: those that are read keep theirs, and the
// connections of those that were read give way first.
const idleConnections = accountGate + 2*s3Gate

// Outside returns the configuration for calls that are made beside a scan:
// watched as those of a scan are, and tried once.
func Outside(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.HTTPClient = httpClient(cfg)
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), newRecord().watch)
	cfg.RetryMaxAttempts, cfg.Retryer = 0, func() aws.Retryer { return aws.NopRetryer{} }
	return cfg
}

// httpClient returns a client whose every attempt is bounded and which follows
// no redirection. Where the
// endpoint is overridden, as in tests, host names below the endpoint's host
// (which S3 control makes of account ids) lead there too.
func httpClient(cfg aws.Config) aws.HTTPClient {
	if own, ok := cfg.HTTPClient.(*http.Client); ok {
		staying := *own
		staying.CheckRedirect = stay
		return &staying
	}
	client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok && cfg.HTTPClient != nil {
		return cfg.HTTPClient
	}
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	client = client.WithTimeout(attemptTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns = s3Gate, idleConnections
	})
	endpoint, err := url.Parse(aws.ToString(cfg.BaseEndpoint))
	if err == nil && endpoint.Host != "" {
		client = client.WithTransportOptions(func(t *http.Transport) { t.DialContext = dialBelow(endpoint.Host) })
	}
	return &http.Client{Transport: client.GetTransport(), Timeout: client.GetTimeout(), CheckRedirect: stay}
}

// stay follows no redirection: it would carry a signed request elsewhere.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// dialBelow returns a dialer for which all names below the host are the host.
func dialBelow(host string) func(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, "."+host) {
			address = host
		}
		return dialer.DialContext(ctx, network, address)
	}
}
