package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/protobuf/encoding/protojson"
)

// late is a firewall rule as Compute Engine has it, open to some addresses.
func late(from string) string {
	return fmt.Sprintf(`{"kind": "compute#firewall", "id": "77", "name": "late", "direction": "INGRESS", "priority": 1000, "sourceRanges": [%q],
		"network": "https://www.googleapis.com/compute/v1/projects/shop-prod/global/networks/main", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}`, from)
}

// TestStaleInventory: the inventory still shows a firewall rule as it was made
// first, open to everybody. Only when it really is does Slack hear of it.
func TestStaleInventory(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	p := c.start(t, "FUNCTION_TARGET=run", "POSTURE_TEST_REST="+c.inventory.URL())
	run := func(hour int) {
		t.Helper()
		slot := fmt.Sprintf("2026-11-21T%02d:00:00Z", hour)
		if code, body := p.post(t, "/", map[string]string{"X-CloudScheduler-ScheduleTime": slot}, ""); code != http.StatusOK {
			t.Fatalf("got %d %s\n%s", code, body, p.log)
		}
	}
	run(1)
	a := &assetpb.Asset{}
	if err := protojson.Unmarshal([]byte(`{"name": "//compute.googleapis.com/projects/shop-prod/global/firewalls/late",
		"asset_type": "compute.googleapis.com/Firewall", "ancestors": ["projects/100000000001", "folders/2001", "organizations/3001"],
		"update_time": "2026-11-20T10:00:00Z", "resource": {"version": "v1", "location": "global", "data": `+late("0.0.0.0/0")+`}}`), a); err != nil {
		t.Fatal(err)
	}
	c.inventory.Add(a)
	c.inventory.AnswerJSON("GET /compute/v1/projects/shop-prod/global/firewalls/late", late("10.0.0.0/8"))
	before := c.told()
	run(2)
	if c.told() != before {
		t.Errorf("Slack was told of what was fixed: %v", c.texts()[before:])
	}
	c.inventory.AnswerJSON("GET /compute/v1/projects/shop-prod/global/firewalls/late", late("0.0.0.0/0"))
	run(3)
	if said := strings.Join(c.texts()[before:], "\n"); !strings.Contains(said, "allows SSH from") {
		t.Errorf("Slack was told %q", said)
	}
}
