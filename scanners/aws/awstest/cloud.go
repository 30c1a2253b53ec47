// Package awstest is a stand-in for AWS that answers over HTTP, so that the
// real clients of the SDK read made-up accounts. It serves the tests of the
// scanners and the demo. It knows the wire (protocols, regions, credentials,
// pages, failures) and nothing of scanners or rules.
//
// # Fixtures
//
// What an account holds is an Estate, written as a txtar archive. Each
// section answers one call. Its name is the service and operation, spelt as in
// the scanners' declarations, and whatever tells this call from others of its
// kind:
//
//	-- s3:GetBucketVersioning bucket=alpha --
//	<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>
//	-- s3:GetBucketPolicy bucket=beta error=NoSuchBucketPolicy --
//	-- ec2:DescribeVolumes --
//	<volumeSet><item><volumeId>vol-1</volumeId></item></volumeSet><nextToken>two</nextToken>
//	-- ec2:DescribeVolumes NextToken=two --
//	<volumeSet><item><volumeId>vol-2</volumeId></item></volumeSet>
//	-- logs:DescribeLogGroups region=eu-west-1 --
//	{"logGroups": []}
//
// The names after the operation are those of the request as it goes over the
// wire, in any case and without regard to hyphens: form fields of query
// calls ("DBInstanceIdentifier", "Filter.1.Name"), body fields of JSON and
// CBOR calls (lists are numbered from one: "names.1"), query parameters, and
// the labels of REST paths ("bucket", "FunctionName"; "AccountId" for S3
// control). All named ones must match, and of several sections that match the
// one that names the most answers. A request for a further page is answered
// only by a section that names its token. Four names are not the request's:
//
//	region=eu-west-1   only in this region
//	account=...        only in this account
//	status=404         the HTTP status
//	error=Code         an error of the protocol's shape, with this code
//
// The body is what the service would write: XML for query and S3 calls, where
// the envelope of query calls (<XResponse><XResult>) may be left out; JSON for
// the rest. For services that speak CBOR (CloudWatch) write JSON, with times
// as {"$time": 1767225600}; other JSON services write times as plain numbers.
//
// A call that no section answers gets status 501 with a message that names
// the section to write. The identity of the caller (sts:GetCallerIdentity,
// sts:AssumeRole) and the regions (ec2:DescribeRegions) are built in.
package awstest

import (
	_ "embed" // for what a quiet region answers
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// Cloud is an http.Handler that answers as AWS does for some accounts.
type Cloud struct {
	regions  []string
	accounts map[string]*Estate

	mu      sync.Mutex
	quiet   map[string]bool
	faults  []Fault
	log     []Request
	missing map[string]bool
}

// New returns a cloud with the enabled regions and the accounts by id.
func New(regions []string, accounts map[string]*Estate) *Cloud {
	return &Cloud{regions: regions, accounts: accounts, quiet: map[string]bool{}, missing: map[string]bool{}}
}

// Quiet makes regions hold nothing: calls there are answered as quiet.txtar
// says, except by sections that name the region. Calls about an S3 bucket are not
// affected.
func (c *Cloud) Quiet(regions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, region := range regions {
		c.quiet[region] = true
	}
}

// Log returns the requests so far, failed ones and repeats included, in the
// order in which they came.
func (c *Cloud) Log() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// Missing returns the names of the sections that calls so far would have
// needed, sorted.
func (c *Cloud) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.missing))
}

// Forget empties the log.
func (c *Cloud) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = nil
}

// ServeHTTP answers one call.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := identify(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	fault, broken := c.note(request)
	if broken && fault.Kind == Circle {
		c.answer(request.first()).write(w, request)
		return
	}
	if broken {
		fault.serve(w, r, request, c.answer(request))
		return
	}
	c.answer(request).write(w, request)
}

// note logs the request and returns the fault that it is to meet.
func (c *Cloud) note(request Request) (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, request)
	for _, fault := range c.faults {
		if fault.hits(request) {
			return fault, true
		}
	}
	return Fault{}, false
}

// answer finds the answer to a request.
func (c *Cloud) answer(request Request) Answer {
	estate := c.accounts[request.Account]
	if estate == nil {
		return Answer{Error: "InvalidClientTokenId", Status: http.StatusForbidden}
	}
	quiet := c.isQuiet(request)
	if answer, ok := estate.find(request, quiet); ok {
		return answer
	}
	if answer, ok := c.builtIn(request); ok {
		return answer
	}
	if answer, ok := nothing().find(request, false); ok && quiet {
		return answer
	}
	return c.miss(request)
}

//go:embed quiet.txtar
var quietRegion []byte

// nothing returns the estate of a region in which there is nothing. That the
// file can be loaded is held by a test.
var nothing = sync.OnceValue(func() *Estate {
	estate, err := Load(quietRegion)
	if err != nil {
		return &Estate{}
	}
	return estate
})

// miss answers a request that no section answers.
func (c *Cloud) miss(request Request) Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missing[request.String()] = true
	return Answer{Status: http.StatusNotImplemented, Error: "NoFixture", Message: fmt.Sprintf("write a section: -- %s --", request)}
}

func (c *Cloud) isQuiet(request Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.quiet[request.Region] && request.Params["bucket"] == ""
}
