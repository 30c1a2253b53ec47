package awstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Server serves a handler on the loopback interface.
type Server struct {
	URL    string
	server *http.Server
	dial   *http.Transport
}

// Start serves the handler, a Cloud or one around it, until Close.
func Start(handler http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on the loopback interface: %w", err)
	}
	address := listener.Addr().String()
	s := &Server{URL: "http://" + address, server: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	var dialer net.Dialer
	s.dial = &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
	}
	go func() { _ = s.server.Serve(listener) }() // returns when closed
	return s, nil
}

// Close stops the server and its connections.
func (s *Server) Close() error {
	s.dial.CloseIdleConnections()
	return s.server.Close()
}

// Timeout is how long a client of Config waits for one try of a call.
const Timeout = time.Minute

// wholeRequests sends requests with bodies that are complete in memory. The
// SDK closes a request's body as soon as the answer comes, which over the
// loopback interface can be before the transport has seen the body's end; it
// would then close the connection while the answer is read.
type wholeRequests struct{ next http.RoundTripper }

func (t wholeRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return t.next.RoundTrip(r)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	whole := r.Clone(r.Context())
	whole.Body = io.NopCloser(bytes.NewReader(body))
	return t.next.RoundTrip(whole)
}

// Config returns the configuration of clients that read the account from the
// server: with made-up credentials, in us-east-1, trying each call once.
// Whatever host a client asks for, it reaches the server.
func (s *Server) Config(account string) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey("AKIA", account), secretKey, ""),
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   &http.Client{Transport: wholeRequests{s.dial}, Timeout: Timeout},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// secretKey is the secret of all made-up credentials.
const secretKey = "made-up-secret-key"

// accessKey returns an access key id that tells its account.
func accessKey(kind, account string) string { return kind + account + "TEST" }

// builtIn answers what every account answers.
func (c *Cloud) builtIn(request Request) (Answer, bool) {
	switch request.Op() {
	case "sts:GetCallerIdentity":
		return Answer{Body: fmt.Sprintf("<Arn>arn:aws:iam::%[1]s:user/reader</Arn><UserId>AIDATEST</UserId><Account>%[1]s</Account>", request.Account)}, true
	case "sts:AssumeRole":
		return c.assumeRole(request)
	case "ec2:DescribeRegions":
		var items strings.Builder
		for _, region := range c.regions {
			fmt.Fprintf(&items, "<item><regionName>%s</regionName><optInStatus>opt-in-not-required</optInStatus></item>", region)
		}
		return Answer{Body: "<regionInfo>" + items.String() + "</regionInfo>"}, true
	default:
		return Answer{}, false
	}
}

// assumeRole hands out credentials of the role's account.
func (c *Cloud) assumeRole(request Request) (Answer, bool) {
	role := request.Params["rolearn"]
	parts := strings.Split(role, ":")
	if len(parts) < 6 || c.accounts[parts[4]] == nil {
		return Answer{Error: "AccessDenied", Message: "not authorized to perform: sts:AssumeRole"}, true
	}
	return Answer{Body: fmt.Sprintf("<AssumedRoleUser><Arn>%s/session</Arn><AssumedRoleId>AROATEST:session</AssumedRoleId></AssumedRoleUser>"+
		"<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>made-up-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
		escape(role), accessKey("ASIA", parts[4]), secretKey)}, true
}
