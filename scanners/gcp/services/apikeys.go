package services

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// APIKey is what rules may ask of an API key. The key itself is never read.
type APIKey struct {
	Deleted     bool      `json:"deleted"`      // it works no more, and can be had back for a month
	Created     time.Time `json:"created"`      // when it was made
	APIs        []string  `json:"apis"`         // the services that it is good for; empty: any
	Callers     string    `json:"callers"`      // what it names callers by: websites (browser), addresses (server), android or ios apps; "": anybody may use it
	OpenCallers []string  `json:"open_callers"` // named callers that are nearly everybody: "*.com", "0.0.0.0/0"
}

var apiKeys = engine.Service{
	Type: scanners.Type{
		Name:    "apikeys.googleapis.com/Key",
		Doc:     APIKey{},
		Console: scanners.Console{Path: "/apis/credentials/key/{keys}?project={project}"},
	},
	Versions: []string{"v2"},
	Get: []engine.Get{{
		Op: "apikeys.projects.locations.keys.get", Permission: "apikeys.keys.get", Root: "https://apikeys.googleapis.com/v2/", Version: "v2",
	}},
	Read: readAPIKey,
}

// apiKeyData is what is read of a key (apikeys.projects.locations.keys.get).
type apiKeyData struct {
	DisplayName  string     `gives:"name"`
	Created      *time.Time `json:"createTime" gives:"created"`
	Deleted      string     `json:"deleteTime" gives:"deleted"`
	Restrictions struct {
		Targets []struct{ Service string } `json:"apiTargets" gives:"apis"`
		Browser struct {
			Referrers []string `json:"allowedReferrers"`
		} `json:"browserKeyRestrictions" gives:"callers,open_callers"`
		Server struct {
			IPs []string `json:"allowedIps"`
		} `json:"serverKeyRestrictions" gives:"callers,open_callers"`
		Android struct {
			Apps []struct{} `json:"allowedApplications"`
		} `json:"androidKeyRestrictions" gives:"callers"`
		IOS struct {
			Bundles []string `json:"allowedBundleIds"`
		} `json:"iosKeyRestrictions" gives:"callers"`
	} `gives:"apis,callers,open_callers"`
}

func readAPIKey(_ context.Context, r *engine.Reading) any {
	var data apiKeyData
	r.Decode(&data)
	if data.DisplayName != "" {
		r.Name = data.DisplayName
	}
	doc := &APIKey{Deleted: data.Deleted != "", Created: engine.Need(r, data.Created, "created").UTC()}
	for _, target := range data.Restrictions.Targets {
		doc.APIs = append(doc.APIs, target.Service)
	}
	restricted := data.Restrictions
	switch {
	case len(restricted.Browser.Referrers) > 0:
		doc.Callers, doc.OpenCallers = "browser", matching(restricted.Browser.Referrers, anySite)
	case len(restricted.Server.IPs) > 0:
		doc.Callers, doc.OpenCallers = "server", openAddresses(r, restricted.Server.IPs, "open_callers")
	case len(restricted.Android.Apps) > 0:
		doc.Callers = "android"
	case len(restricted.IOS.Bundles) > 0:
		doc.Callers = "ios"
	}
	return doc
}

// matching returns the items for which the condition holds.
func matching(items []string, holds func(string) bool) []string {
	var found []string
	for _, item := range items {
		if holds(item) {
			found = append(found, item)
		}
	}
	return found
}

// anySite reports whether a pattern for websites takes in all of them, or all
// below a top-level domain: "*", "https://*/*", "*.com/*".
func anySite(pattern string) bool {
	if _, rest, found := strings.Cut(pattern, "://"); found {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	host, _, _ = strings.Cut(host, ":")
	below, wild := strings.CutPrefix(host, "*")
	return wild && !strings.Contains(strings.TrimPrefix(below, "."), ".")
}

// openAddresses returns those of the addresses and ranges that are the internet.
// The unspecified address stands for all.
func openAddresses(r *engine.Reading, addresses []string, field string) []string {
	open := openNetworks(r, addresses, field)
	for _, text := range addresses {
		if address, err := netip.ParseAddr(text); err == nil && address.IsUnspecified() {
			open = append(open, text)
		}
	}
	return open
}
