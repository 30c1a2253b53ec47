// Package aws reads the settings of an AWS account through its own APIs, with
// calls that only read. One file per service holds the document that rules
// may ask about, the calls that it takes, and the reading. It never judges.
package aws

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"posture/internal/posture"
	"posture/scanners"
)

const (
	fanOut         = 16               // resources of one listing read at once
	accountGate    = 48               // calls under way in one account
	attemptTimeout = 15 * time.Second // for one try of one call
	openTimeout    = 30 * time.Second // for credentials to prove themselves
)

// Options says how to read accounts.
type Options struct {
	Services []string // the services to read, by Services' names; empty: all
	Attempts int      // tries of a call; 0: as many as proved right under throttling
	Sample   bool     // read at most one resource of each listing: for trying permissions
	Identity Identity // whose the credentials are, where that was asked before; zero: it is asked
}

// Identity is whom credentials belong to.
type Identity struct{ Account, ARN string }

// Identify asks whom credentials belong to (sts:GetCallerIdentity). The error's
// text holds no secret.
func Identify(ctx context.Context, cfg aws.Config) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	found, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, Refusal("ask who the credentials belong to", err)
	}
	return Identity{Account: aws.ToString(found.Account), ARN: aws.ToString(found.Arn)}, nil
}

// Account is an AWS account that answered, ready to be scanned once.
type Account struct {
	cfg     aws.Config
	options Options
	target  posture.Target

	caller     string // ARN of the identity that reads
	partition  string
	homeRegion string
	record     *record
}

// Open finds out which account the credentials of cfg belong to and which
// regions it has enabled (sts:GetCallerIdentity, ec2:DescribeRegions). It
// does not ask for an identity that the options hold, and counts that call all
// the same: it was made for this account. It fails when the account is not the
// target's, when that names one, and with the provider's error when the
// credentials do not work; the error's text holds no secret.
func Open(ctx context.Context, cfg aws.Config, target posture.Target, options Options) (*Account, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := CheckServices(options.Services); err != nil {
		return nil, err
	}
	a := &Account{cfg: cfg.Copy(), options: options, target: target, record: newRecord()}
	if a.cfg.Region == "" {
		a.cfg.Region = "us-east-1"
	}
	a.cfg.HTTPClient = httpClient(a.cfg)
	a.cfg.APIOptions = append(slices.Clone(a.cfg.APIOptions), a.record.watch)
	if err := a.identify(ctx); err != nil {
		return nil, err
	}
	return a, a.findRegions(ctx)
}

// identify checks the identity against the target and keeps what it tells.
func (a *Account) identify(ctx context.Context) error {
	identity := a.options.Identity
	if identity == (Identity{}) {
		var err error
		if identity, err = Identify(ctx, a.cfg); err != nil {
			return err
		}
	} else {
		a.record.count("sts:GetCallerIdentity")
	}
	if a.target.Account != "" && a.target.Account != identity.Account {
		return fmt.Errorf("the credentials belong to account %s, not to %s: check the profile or the role", identity.Account, a.target.Account)
	}
	parsed, err := arn.Parse(identity.ARN)
	if err != nil {
		return fmt.Errorf("parse the caller's ARN: %w", err)
	}
	a.target.Provider, a.target.Account = posture.AWS, identity.Account
	a.caller, a.partition = parsed.String(), parsed.Partition
	a.homeRegion = homeRegion(a.partition)
	return nil
}

// homeRegion returns the region in which a partition's global services answer.
func homeRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}

// findRegions asks for the enabled regions and checks the wanted ones against them.
func (a *Account) findRegions(ctx context.Context) error {
	cfg := a.cfg.Copy()
	if a.partition != "aws" {
		cfg.Region = a.homeRegion
	}
	out, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		if len(a.target.Regions) > 0 {
			return nil // the wanted regions are known; each answers for itself
		}
		return Refusal("list the enabled regions", err)
	}
	var enabled []string
	for _, region := range out.Regions {
		enabled = append(enabled, aws.ToString(region.RegionName))
	}
	slices.Sort(enabled)
	if len(a.target.Regions) == 0 {
		a.target.Regions = enabled
		return nil
	}
	for _, region := range a.target.Regions {
		if !slices.Contains(enabled, region) {
			return fmt.Errorf("region %q is not enabled in account %s: expected one of %s", region, a.target.Account, strings.Join(enabled, ", "))
		}
	}
	return nil
}

// Target returns the target with its account and regions filled in.
func (a *Account) Target() posture.Target { return a.target }

// account is the state of one scan of one account.
type account struct {
	id         string
	partition  string
	homeRegion string
	cfg        aws.Config
	want       posture.Want
	sample     bool
	newRetryer func() aws.Retryer
	permission map[string]string // IAM action by operation

	emitMu sync.Mutex
	sink   func(posture.Resource)

	memoMu sync.Mutex
	memos  map[memoKey]*memoEntry
}

type memoKey struct{ region, key string }

type memoEntry struct {
	once  sync.Once
	value any
	err   error
}

func (a *account) entry(key memoKey) *memoEntry {
	a.memoMu.Lock()
	defer a.memoMu.Unlock()
	if a.memos[key] == nil {
		a.memos[key] = new(memoEntry)
	}
	return a.memos[key]
}

// Scan reads all wanted resources and hands each to emit, one at a time. What
// could not be read is in the resources' Unread and in the coverage, never an
// error: a scan that ran out of time or was refused everything returns a
// coverage that says so.
func (a *Account) Scan(ctx context.Context, want posture.Want, emit func(posture.Resource)) posture.Coverage {
	run := &account{
		id: a.target.Account, partition: a.partition, homeRegion: a.homeRegion,
		cfg: a.cfg, want: want, sample: a.options.Sample, newRetryer: a.newRetryer,
		permission: actionsByOp(), sink: emit, memos: map[memoKey]*memoEntry{},
	}
	var jobs []*place
	for i := range all {
		s := &all[i]
		if _, wanted := want[s.Type]; !wanted || !a.options.reads(s.service()) {
			continue
		}
		for _, region := range a.regionsOf(s) {
			jobs = append(jobs, &place{account: run, Region: region, scanner: s, tally: new(tally)})
		}
	}
	populations := make([]posture.Population, len(jobs))
	indexes := make([]int, len(jobs))
	for i := range indexes {
		indexes[i] = i
		populations[i] = jobs[i].population(context.DeadlineExceeded)
	}
	_ = scanners.Each(ctx, accountGate, indexes, func(ctx context.Context, i int) {
		populations[i] = jobs[i].population(jobs[i].scan(ctx))
	}) // what was not started keeps the population that says so
	return posture.Coverage{Populations: populations, Calls: a.record.counts(), Caller: a.caller}
}

// regionsOf returns where a scanner is to run.
func (a *Account) regionsOf(s *scanner) []string {
	if s.Global {
		return []string{a.homeRegion}
	}
	return a.target.Regions
}

// scan runs the place's scanner. A panic in it is a failure of its listing only.
func (p *place) scan(ctx context.Context) error {
	return scanners.Guard(func() error { return p.scanner.Scan(ctx, p) })
}

// population says what the place's scanner found, given how it ended.
func (p *place) population(err error) posture.Population {
	found := posture.Population{Type: p.scanner.Type, Region: p.Region, Count: p.tally.count, Complete: err == nil}
	if p.scanner.Global {
		found.Region = posture.Global
	}
	if err != nil {
		cause := p.cause(err)
		found.Cause = &cause
	}
	return found
}

// httpClient returns a client whose every attempt is bounded. Where the
// endpoint is overridden, as in tests, host names below the endpoint's host
// (which S3 control makes of account ids) lead there too.
func httpClient(cfg aws.Config) aws.HTTPClient {
	client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok && cfg.HTTPClient != nil {
		return cfg.HTTPClient
	}
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	client = client.WithTimeout(attemptTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = accountGate
	})
	endpoint, err := url.Parse(aws.ToString(cfg.BaseEndpoint))
	if err != nil || endpoint.Host == "" {
		return client
	}
	return client.WithTransportOptions(func(t *http.Transport) {
		var dialer net.Dialer
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasSuffix(address, "."+endpoint.Host) {
				address = endpoint.Host
			}
			return dialer.DialContext(ctx, network, address)
		}
	})
}
