package slack

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"posture/internal/drift"
)

// googleConsole is the only origin of Google's that a message links to.
const googleConsole = "https://console.cloud.google.com"

// googlePaths holds where Google's console shows a resource, by its type. A
// word in braces is replaced by what follows it in the resource's name, as in
// projects/P/zones/Z/instances/I, escaped; {project} by the resource's project,
// {place} by its zone, region or location, and {level} by which of them it is.
func googlePaths() map[string]string {
	return map[string]string{
		"alloydb.googleapis.com/Cluster":              "/alloydb/clusters?project={project}",
		"bigquery.googleapis.com/Dataset":             "/bigquery?project={project}&p={projects}&d={datasets}&page=dataset",
		"bigquery.googleapis.com/Table":               "/bigquery?project={project}&p={projects}&d={datasets}&t={tables}&page=table",
		"cloudfunctions.googleapis.com/Function":      "/functions/details/{locations}/{functions}?project={project}",
		"cloudkms.googleapis.com/CryptoKey":           "/security/kms/key/manage/{locations}/{keyRings}/{cryptoKeys}?project={project}",
		"cloudresourcemanager.googleapis.com/Project": "/iam-admin/settings?project={project}",
		"compute.googleapis.com/Disk":                 "/compute/disksDetail/{level}/{place}/disks/{disks}?project={project}",
		"compute.googleapis.com/Firewall":             "/networking/firewalls/details/{firewalls}?project={project}",
		"compute.googleapis.com/Image":                "/compute/imagesDetail/projects/{projects}/global/images/{images}?project={project}",
		"compute.googleapis.com/Instance":             "/compute/instancesDetail/zones/{zones}/instances/{instances}?project={project}",
		"compute.googleapis.com/Network":              "/networking/networks/details/{networks}?project={project}",
		"compute.googleapis.com/Project":              "/compute/metadata?project={project}",
		"compute.googleapis.com/Subnetwork":           "/networking/subnetworks/details/{regions}/{subnetworks}?project={project}",
		"container.googleapis.com/Cluster":            "/kubernetes/clusters/details/{place}/{clusters}/details?project={project}",
		"dataproc.googleapis.com/Cluster":             "/dataproc/clusters/{clusters}/monitoring?region={regions}&project={project}",
		"dns.googleapis.com/ManagedZone":              "/net-services/dns/zones/{managedZones}/details?project={project}",
		"iam.googleapis.com/ServiceAccount":           "/iam-admin/serviceaccounts/details/{serviceAccounts}?project={project}",
		"iam.googleapis.com/ServiceAccountKey":        "/iam-admin/serviceaccounts/details/{serviceAccounts}/keys?project={project}",
		"logging.googleapis.com/LogBucket":            "/logs/storage?project={project}",
		"logging.googleapis.com/LogMetric":            "/logs/metrics?project={project}",
		"logging.googleapis.com/LogSink":              "/logs/router?project={project}",
		"monitoring.googleapis.com/AlertPolicy":       "/monitoring/alerting/policies/{alertPolicies}?project={project}",
		"pubsub.googleapis.com/Subscription":          "/cloudpubsub/subscription/detail/{subscriptions}?project={project}",
		"pubsub.googleapis.com/Topic":                 "/cloudpubsub/topic/detail/{topics}?project={project}",
		"redis.googleapis.com/Instance":               "/memorystore/redis/locations/{locations}/instances/{instances}/details/overview?project={project}",
		"run.googleapis.com/Service":                  "/run/detail/{locations}/{services}?project={project}",
		"secretmanager.googleapis.com/Secret":         "/security/secret-manager/secret/{secrets}/versions?project={project}",
		"spanner.googleapis.com/Database":             "/spanner/instances/{instances}/databases/{databases}/details/tables?project={project}",
		"sqladmin.googleapis.com/Instance":            "/sql/instances/{instances}/overview?project={project}",
	}
}

// bucketType is the one type whose names hold no collection: a bucket's is
// //storage.googleapis.com/BUCKET.
const (
	bucketType = "storage.googleapis.com/Bucket"
	bucketPath = "/storage/browser/"
)

// projectForm is what the id of a project looks like. What belongs to a folder
// or to the organization itself is in none, and has no link.
var projectForm = regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// organizational is how the targets are called that stand for folders and organizations.
var organizational = regexp.MustCompile(`^(organization|folder)-[0-9]+$`)

// placeholder is a word in braces in a path.
var placeholder = regexp.MustCompile(`\{[A-Za-z]+\}`)

// googleURL returns the address of a resource of Google Cloud in the console,
// or nothing where none is known.
func googleURL(r drift.Resource) string {
	_, name, named := strings.Cut(strings.TrimPrefix(r.ID, "//"), "/")
	if !named || !strings.HasPrefix(r.ID, "//") || !projectForm.MatchString(r.Account) || organizational.MatchString(r.Account) {
		return ""
	}
	if r.Type == bucketType {
		return googleAddress(bucketPath+"{bucket}?project={project}", map[string]string{"bucket": name, "project": r.Account})
	}
	return googleAddress(googlePaths()[r.Type], nameParts(name, r.Account))
}

// nameParts returns the parts of a resource's name by what stands before them.
func nameParts(name, project string) map[string]string {
	parts := map[string]string{"project": project}
	words := strings.Split(name, "/")
	for i := 0; i+1 < len(words); i += 2 {
		if words[i] == "global" { // projects/P/global/firewalls/F
			i--
			continue
		}
		parts[words[i]] = words[i+1]
		if slices.Contains([]string{"zones", "regions", "locations"}, words[i]) {
			parts["level"], parts["place"] = words[i], words[i+1]
		}
	}
	return parts
}

// googleAddress fills a path, or returns nothing where a part is missing or
// would be read as a step up.
func googleAddress(path string, parts map[string]string) string {
	complete := path != ""
	filled := placeholder.ReplaceAllStringFunc(path, func(word string) string {
		part := parts[strings.Trim(word, "{}")]
		complete = complete && part != "" && part != "." && part != ".."
		return url.QueryEscape(part)
	})
	if !complete {
		return ""
	}
	return googleConsole + filled
}
