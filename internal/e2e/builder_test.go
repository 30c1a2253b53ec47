package e2e

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// builder makes the resources of the estate. The names of what is as it
// should be begin with "good"; nothing of that name may ever fail.
type builder struct {
	t     testing.TB
	ctx   context.Context
	cfg   aws.Config
	names map[string]string // what tests call things whose ids the emulator makes up
}

// newBuilder returns a builder for us-east-1 of the account of the static
// credentials.
func newBuilder(t testing.TB, endpoint string) *builder {
	host := strings.TrimPrefix(endpoint, "http://")
	toHost := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, host) // S3 control puts the account before the host's name
	}}
	t.Cleanup(toHost.CloseIdleConnections)
	return &builder{t: t, ctx: t.Context(), names: map[string]string{}, cfg: aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 3, HTTPClient: &http.Client{Transport: toHost},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+own+"TEST", "made-up", ""),
	}}
}

// in returns a builder for another region.
func (b *builder) in(region string) *builder {
	other := *b
	other.cfg.Region = region
	return &other
}

// ok fails the test when a call failed. It takes what the call returns.
func (b *builder) ok(_ any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// need fails the test when a call failed.
func (b *builder) need(err error) {
	b.t.Helper()
	b.ok(nil, err)
}

// call gives the thing of an id a name, and returns the id.
func (b *builder) call(name string, id *string) string {
	b.names[aws.ToString(id)] = name
	return aws.ToString(id)
}

// tag gives a thing of EC2 a name, in its tag too.
func (b *builder) tag(name string, id *string) string {
	b.t.Helper()
	b.ok(ec2.NewFromConfig(b.cfg).CreateTags(b.ctx, &ec2.CreateTagsInput{
		Resources: []string{*id}, Tags: []ec2types.Tag{{Key: new("Name"), Value: &name}},
	}))
	return b.call(name, id)
}

var generated = regexp.MustCompile(`[a-z]+-[0-9a-f]{8,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// readable replaces the ids in a text by names.
func (b *builder) readable(text string) string {
	if name, known := b.names[text]; known {
		return name
	}
	text = generated.ReplaceAllStringFunc(text, func(id string) string {
		if name, known := b.names[id]; known {
			return name
		}
		return id
	})
	return strings.TrimPrefix(text, "arn:aws:ec2:")
}
