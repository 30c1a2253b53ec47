package services

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// farWorld is an account that is far away, over TLS: every call takes the
// latency, and every new connection twice as long, for TCP and for TLS. Buckets
// are hosts of their own, as in S3.
type farWorld struct {
	latency time.Duration
	cloud   *awstest.Cloud
	server  *httptest.Server
	dials   atomic.Int32
}

// usedRegions are as many as a new account has enabled.
var usedRegions = strings.Fields(`us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2
	eu-west-3 eu-central-1 eu-north-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 ap-northeast-3`)

// newFarWorld returns an account that holds the whole estate in us-east-1, and
// buckets there that have all their settings.
func newFarWorld(b *testing.B, buckets int, latency time.Duration) *farWorld {
	b.Helper()
	estate := wholeEstate(b)
	estate.Func("s3:ListBuckets", func(awstest.Request) awstest.Answer {
		var names strings.Builder
		for i := range buckets {
			fmt.Fprintf(&names, "<Bucket><Name>bucket-%d</Name><CreationDate>2026-01-02T03:04:05Z</CreationDate><BucketRegion>us-east-1</BucketRegion></Bucket>", i)
		}
		return awstest.Answer{Body: fmt.Sprintf("<ListAllMyBucketsResult><Buckets>%s</Buckets></ListAllMyBucketsResult>", &names)}
	})
	for op, body := range bucketSettings {
		estate.Func(op, func(awstest.Request) awstest.Answer { return awstest.Answer{Body: body} })
	}
	for op, code := range bucketLacks {
		estate.Func(op, func(awstest.Request) awstest.Answer { return awstest.Answer{Error: code, Status: http.StatusNotFound} })
	}
	w := &farWorld{latency: latency, cloud: awstest.New(usedRegions, map[string]*awstest.Estate{testAccount: estate})}
	w.cloud.Quiet(usedRegions[1:]...)
	w.server = httptest.NewUnstartedServer(w)
	w.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(b)}}
	w.server.StartTLS()
	b.Cleanup(w.server.Close)
	return w
}

// certificate returns one that costs the server, which shares the processor,
// little to prove.
func certificate(b *testing.B) tls.Certificate {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1)}
	made, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		b.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}
}

// bucketSettings holds what is answered of every bucket.
var bucketSettings = map[string]string{
	"s3:GetBucketVersioning":             "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
	"s3:GetBucketEncryption":             "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
	"s3:GetPublicAccessBlock":            unblocked,
	"s3:GetBucketPolicyStatus":           "<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>",
	"s3:GetBucketPolicy":                 `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"*"}]}`,
	"s3:GetBucketAcl":                    "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList></AccessControlList></AccessControlPolicy>",
	"s3:GetBucketOwnershipControls":      "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
	"s3:GetBucketLogging":                "<BucketLoggingStatus></BucketLoggingStatus>",
	"s3:GetBucketTagging":                "<Tagging><TagSet><Tag><Key>owner</Key><Value>data</Value></Tag></TagSet></Tagging>",
	"s3:GetBucketLifecycleConfiguration": "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
}

// bucketLacks holds the codes by which S3 says that no bucket has such a setting.
var bucketLacks = map[string]string{
	"s3:GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
	"s3:GetBucketReplication":       "ReplicationConfigurationNotFoundError",
}

// ServeHTTP answers late. The name of a bucket is moved from host to path,
// where the cloud expects it.
func (w *farWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	time.Sleep(w.latency)
	if bucket, _, ok := strings.Cut(r.Host, ".s3."); ok {
		r.URL.Path = "/" + bucket + r.URL.Path
	}
	w.cloud.ServeHTTP(rw, r)
}

// config returns the configuration of a real scan but for credentials, and for
// the server, which stands for all of AWS.
func (w *farWorld) config() aws.Config {
	var dialer net.Dialer
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // its certificate is the test's
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			w.dials.Add(1)
			time.Sleep(2 * w.latency)
			return dialer.DialContext(ctx, network, w.server.Listener.Addr().String())
		}
	})
	cfg := (&awstest.Server{}).Config(testAccount)
	cfg.BaseEndpoint, cfg.HTTPClient = nil, client
	return cfg
}

// BenchmarkBuckets scans everything of an account with 1,000 buckets, 150 ms
// away, which takes 12,000 calls to S3. The heap is that of the server too.
func BenchmarkBuckets(b *testing.B) {
	const count, most = 1000, 25 * time.Second
	var peak uint64
	for b.Loop() {
		w := newFarWorld(b, count, 150*time.Millisecond)
		account, err := engine.Open(context.Background(), w.config(), posture.Target{}, options(0))
		if err != nil {
			b.Fatal(err)
		}
		whole, seen := 0, 0
		account.Scan(context.Background(), wantAll(), func(r posture.Resource) {
			if r.Type == "AWS::S3::Bucket" && len(r.Unread) == 0 {
				whole++
			}
			if seen++; seen%100 == 0 {
				peak = max(peak, heap())
			}
		})
		if whole != count {
			b.Errorf("%d of %d buckets were read whole", whole, count)
		}
		b.ReportMetric(float64(w.dials.Load()), "connections")
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	if each := b.Elapsed() / time.Duration(b.N); each > most {
		b.Errorf("a scan took %s, want at most %s", each, most)
	}
}
