package services

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// TestThrottled scans what answers few calls at a time, and refuses the others
// until it is time: nothing is lost of what is read without such a quota.
func TestThrottled(t *testing.T) {
	t.Parallel()
	estate := wholeEstate(t)
	whole, _ := scanOnWire(t, estate, nil)
	for name, quota := range map[string]*azuretest.Quota{
		"as it says":       {Calls: 12, Per: 5 * time.Second},
		"for minutes":      {Calls: 80, Per: 5 * time.Minute, Silent: true},
		"until a time":     {Calls: 40, Per: 61 * time.Second, Silent: true, Date: true},
		"as if overloaded": {Calls: 40, Per: 61 * time.Second, Silent: true, Status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			found, took := scanOnWire(t, estate, quota)
			if diff := cmp.Diff(whole, found, cmp.AllowUnexported(scanned{})); diff != "" {
				t.Errorf("lost: %s", diff)
			}
			if quota.Silent && quota.Refused() == 0 || took < quota.Per { // where headers say how many calls are left, none need be refused
				t.Errorf("%d calls were refused in %s: the quota was never at its end", quota.Refused(), took)
			}
		})
	}
}

// scanOnWire scans the estate on a clock of its own, and returns how long that
// took by it.
func scanOnWire(t *testing.T, estate azuretest.Estate, quota *azuretest.Quota) (s scanned, took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		server := azuretest.Wire(estate)
		server.Quota = quota
		o := enginetest.Options(server)
		o.Transport, o.Attempts, o.Backoff = server, 0, 0
		e, err := engine.Open(Registry(), engine.Root{Tenant: enginetest.Tenant, Directory: true}, o)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s = scanned{map[string]posture.Resource{}, map[string]bool{}}
		for _, r := range enginetest.ScanKnown(t, e, enginetest.Everything(Registry()), s.complete) {
			s.resources[r.Type+" "+r.ID] = r
		}
		took = time.Since(began)
	})
	return s, took
}
