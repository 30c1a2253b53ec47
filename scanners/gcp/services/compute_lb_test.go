package services

import (
	"testing"

	"google.golang.org/api/compute/v1"

	"posture/internal/posture"
)

// loadBalancerSchemas are Google's own types of the test data.
var loadBalancerSchemas = map[string]any{
	"compute.googleapis.com/InstanceGroupManager v1": compute.InstanceGroupManager{},
	"compute.googleapis.com/UrlMap v1":               compute.UrlMap{},
	typeHTTPProxy + " v1":                            compute.TargetHttpProxy{},
	"compute.googleapis.com/TargetHttpsProxy v1":     compute.TargetHttpsProxy{},
	"compute.googleapis.com/TargetSslProxy v1":       compute.TargetSslProxy{},
	typeForwardingRule + " v1":                       compute.ForwardingRule{},
	typeGlobalForwardingRule + " v1":                 compute.ForwardingRule{},
	typeSSLPolicy + " v1":                            compute.SslPolicy{},
	typeBackendService + " v1":                       compute.BackendService{},
	typeRegionBackendService + " v1":                 compute.BackendService{},
	typeSecurityPolicy + " v1":                       compute.SecurityPolicy{},
}

func TestURLMaps(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_lb", schemas: loadBalancerSchemas, types: []string{"compute.googleapis.com/UrlMap"},
		want: map[string]any{
			"to-https": &URLMap{ExternalHTTPProxies: []string{"web-http"}, RedirectsToHTTPS: true},
			"web":      &URLMap{},
			"clear":    &URLMap{ExternalHTTPProxies: []string{"clear-http"}},
			"inside":   &URLMap{},
		},
	}.run(t)
}

func TestTLSProxies(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_lb", schemas: loadBalancerSchemas, types: []string{"compute.googleapis.com/TargetHttpsProxy"},
		want: map[string]any{
			"web-https":       &TLSProxy{SSLPolicy: "strong", RefusesOld: true},
			"default-https":   &TLSProxy{},
			"mail-ssl":        &TLSProxy{SSLPolicy: "wide", WeakCiphers: []string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"}},
			"elsewhere-https": &TLSProxy{SSLPolicy: "gone"},
		},
		unread: map[string][]posture.Unread{"elsewhere-https": {
			{Field: "refuses_old", Cause: absent(typeSSLPolicy)}, {Field: "weak_ciphers", Cause: absent(typeSSLPolicy)},
		}},
	}.run(t)
}

func TestBackendServices(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_lb", schemas: loadBalancerSchemas, types: []string{typeBackendService},
		want: map[string]any{
			"web": &BackendService{
				ExternalProxy: true, Logging: true, SamplePercent: 100, SecurityPolicy: "edge", Measures: []string{"deny(403)"},
			},
			"admin":   &BackendService{ExternalProxy: true, Logging: true, SamplePercent: 100, IAP: true},
			"open":    &BackendService{ExternalProxy: true, SecurityPolicy: "watch"},
			"unclear": &BackendService{ExternalProxy: true, SecurityPolicy: "gone"},
			"bare":    &BackendService{},
			"packets": &BackendService{},
		},
		unread: map[string][]posture.Unread{"unclear": {{Field: "measures", Cause: absent(typeSecurityPolicy)}}},
	}.run(t)
}

func TestManagedGroups(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_lb", schemas: loadBalancerSchemas, types: []string{"compute.googleapis.com/InstanceGroupManager"},
		want: map[string]any{
			"web":               &ManagedGroup{Autohealing: true, Balanced: true, Zones: 3},
			"worker":            &ManagedGroup{Balanced: true, Zones: 1},
			"batch":             &ManagedGroup{},
			"pooled":            &ManagedGroup{Balanced: true, Zones: 1},
			"gke-apps-pool-grp": &ManagedGroup{GKE: true, Zones: 1},
		},
		unread: map[string][]posture.Unread{
			"batch": {{Field: "zones", Cause: absent("compute.googleapis.com/InstanceGroupManager")}},
		},
	}.run(t)
}
