package engine

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/internal/posture"
	"posture/scanners"
)

// quotas makes those calls wait that Azure would refuse as too many: by what
// its answers say, and by what it allows of a provider where they say nothing.
// It has two policies: itself, before the tries of a call, and noted, in them.
type quotas struct {
	mu    sync.Mutex
	until map[counted]time.Time // when calls may go on
	sent  map[counted]*window
}

func newQuotas() *quotas {
	return &quotas{until: map[counted]time.Time{}, sent: map[counted]*window{}}
}

// counted is what Azure counts calls by. What is empty stands for all.
type counted struct {
	host, subscription, provider, region string
	list                                 bool // of a provider that counts listings apart
}

// bound is how many calls of a provider may be made within a time.
type bound struct{ reads, lists int }

// bounds are those of providers whose answers do not say what is left, for each
// subscription and region (learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling):
// Storage allows 800 reads and 100 listings in five minutes. A fifth is left to
// the subscription's own work.
var bounds = map[string]bound{"microsoft.storage": {reads: 640, lists: 80}}

const boundTime = 5 * time.Minute

// inRegion is the region of what a request reads, where it is known.
type inRegion string

var errNoQuota error = &posture.ReasonError{Reason: posture.Throttled, Code: "quota", Text: "too many calls, and no time to wait until more are allowed"}

// Do implements policy.Policy: it waits until the call may be made, or refuses it
// where there is no time for that.
func (q *quotas) Do(request *policy.Request) (*http.Response, error) {
	ctx, of := request.Raw().Context(), countedAs(request)
	for wait := q.take(of); wait > 0; wait = q.take(of) {
		if end, ends := ctx.Deadline(); wait > longestWait || ends && time.Until(end) < wait {
			return nil, errNoQuota
		}
		if err := scanners.Pause(ctx, wait); err != nil {
			return nil, err
		}
	}
	return request.Next()
}

// noted notes what the answer to each try says of the calls to come.
type noted struct{ *quotas }

// Do implements policy.Policy.
func (n noted) Do(request *policy.Request) (*http.Response, error) {
	response, err := request.Next()
	if err == nil {
		n.note(countedAs(request), response)
	}
	return response, err
}

// take returns how long a call has to wait; 0: it may be made now, and is
// counted.
func (q *quotas) take(of counted) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	var wait time.Duration
	for _, level := range of.levels() {
		wait = max(wait, q.until[level].Sub(now))
	}
	most, bounded := bounds[of.provider]
	if wait > 0 || !bounded {
		return wait
	}
	if q.sent[of] == nil {
		q.sent[of] = &window{}
	}
	if of.list {
		return q.sent[of].take(now, most.lists)
	}
	return q.sent[of].take(now, most.reads)
}

// window are the times of the calls that were made in the last five minutes.
type window struct{ at []time.Time }

// take counts a call, or returns in how long there may be one more.
func (w *window) take(now time.Time, most int) time.Duration {
	for len(w.at) > 0 && now.Sub(w.at[0]) >= boundTime {
		w.at = w.at[1:]
	}
	if len(w.at) >= most {
		return w.at[0].Add(boundTime).Sub(now)
	}
	w.at = append(w.at, now)
	return 0
}

// note keeps for how long the answer to a call asks others to wait.
func (q *quotas) note(of counted, answer *http.Response) {
	q.wait(of, waitAsked(answer.Header, answer.StatusCode))
	for name := range answer.Header {
		kind, remaining := strings.CutPrefix(strings.ToLower(name), "x-ms-ratelimit-remaining-")
		if !remaining || !nothingLeft(answer.Header.Get(name)) || strings.HasSuffix(kind, "writes") || strings.HasSuffix(kind, "deletes") {
			continue
		}
		switch {
		case strings.HasPrefix(kind, "tenant-"):
			q.wait(counted{host: of.host}, refillTime)
		case strings.HasPrefix(kind, "subscription-"):
			q.wait(counted{host: of.host, subscription: of.subscription}, refillTime)
		default:
			q.wait(of, refillTime)
		}
	}
}

func (q *quotas) wait(of counted, wait time.Duration) {
	if wait <= 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if until := time.Now().Add(wait); until.After(q.until[of]) {
		q.until[of] = until
	}
}

// nothingLeft reports whether what is left is nothing, of "0", or of one of
// several limits, "Microsoft.Compute/LowCostGet3Min;0,Microsoft.Compute/LowCostGet30Min;20".
func nothingLeft(text string) bool {
	for one := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(one[strings.LastIndexByte(one, ';')+1:]) == "0" {
			return true
		}
	}
	return false
}

// countedAs returns by what Azure counts a call: all queries of the graph are
// together, reads of Resource Manager by subscription and provider.
func countedAs(request *policy.Request) counted {
	raw := request.Raw()
	if strings.EqualFold(raw.URL.Path, queryPath) {
		return counted{provider: "query"}
	}
	path := strings.ToLower(raw.URL.Path)
	of := counted{host: raw.URL.Host, subscription: partAfter(path, "/subscriptions/")}
	i := strings.LastIndex(path, "/providers/")
	if i < 0 {
		return of
	}
	of.provider = partAfter(path[i:], "/providers/")
	if _, bounded := bounds[of.provider]; bounded {
		var region inRegion
		request.OperationValue(&region)
		of.region, of.list = string(region), strings.Count(path[i:], "/")%2 == 1 // types and names take turns, after the provider
	}
	return of
}

// levels returns what a call is counted by, the widest first.
func (c counted) levels() []counted {
	return []counted{{host: c.host}, {host: c.host, subscription: c.subscription}, c}
}

// partAfter returns the part of a path that follows a prefix in it.
func partAfter(path, prefix string) string {
	_, rest, _ := strings.Cut(path, prefix)
	part, _, _ := strings.Cut(rest, "/")
	return part
}

// waitAsked returns how long an answer asks to wait before more calls of its
// kind, 0 for no time. Resource Graph says what is left of its quota, and in
// how long it is whole again, as in 00:00:05.
func waitAsked(header http.Header, status int) time.Duration {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if wait := retryAfter(header); wait > 0 {
			return wait
		}
	}
	if header.Get("x-ms-user-quota-remaining") != "0" {
		return 0
	}
	at, err := time.Parse(time.TimeOnly, header.Get("x-ms-user-quota-resets-after"))
	if err != nil {
		return refillTime
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
}

// retryAfter reads the header, of seconds or a date.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return time.Until(at)
	}
	return 0
}

// refillTime is in how long the quota of queries is whole again, and half of
// that of reads, of which Azure does not say when.
const refillTime = 5 * time.Second
