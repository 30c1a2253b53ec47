package demo

import (
	_ "embed" // for the sample subscription
	"fmt"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"posture/scanners/azure/azuretest"
)

// subscriptionID is the sample subscription.
const subscriptionID = "3f2a1b00-0000-4000-8000-00000000f001"

//go:embed subscription.txtar
var subscriptionText string

//go:embed subscription_change.txtar
var subscriptionChangeText string

// subscription is the sample subscription of Azure while it is served.
type subscription struct {
	server *azuretest.Server
	now    time.Time
}

// serveSubscription serves the sample subscription on the loopback interface.
func serveSubscription(now time.Time) (*subscription, error) {
	estate, _, err := parseSubscription(subscriptionText, now)
	if err != nil {
		return nil, fmt.Errorf("load the sample subscription: %w", err)
	}
	return &subscription{server: azuretest.Start(estate), now: now}, nil
}

// parseSubscription returns what a text puts into the subscription, and what it
// says of that.
func parseSubscription(text string, now time.Time) (azuretest.Estate, []string, error) {
	archive := txtar.Parse([]byte(dated(text, now)))
	estate, err := azuretest.Parse(archive)
	return estate, strings.Split(strings.TrimSpace(string(archive.Comment)), "\n"), err
}

// change does what happens in the subscription between the two scans, and
// returns it in words.
func (s *subscription) change() ([]string, error) {
	estate, happened, err := parseSubscription(subscriptionChangeText, s.now)
	if err != nil {
		return nil, fmt.Errorf("change the sample subscription: %w", err)
	}
	s.server.Change(estate)
	return happened, nil
}
