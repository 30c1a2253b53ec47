package services

import (
	"slices"
	"strings"

	"posture/scanners/gcp/engine"
)

// where returns the grants that match.
func where(grants []engine.Grant, match func(engine.Grant) bool) []engine.Grant {
	var found []engine.Grant
	for _, g := range grants {
		if match(g) {
			found = append(found, g)
		}
	}
	return found
}

// toPublic reports whether the grant is to everybody, or to everybody with a
// Google account. A condition takes nothing away: it may hold for anybody. All
// identities of a pool are not the public: whom its providers let in is judged
// with them.
func toPublic(g engine.Grant) bool {
	return strings.EqualFold(g.Member, "allUsers") || strings.EqualFold(g.Member, "allAuthenticatedUsers") ||
		strings.HasPrefix(g.Member, "principalSet://goog/public:")
}

// toDeleted reports whether the member was deleted: the grant is worth nothing,
// until somebody undeletes the member.
func toDeleted(g engine.Grant) bool { return strings.HasPrefix(g.Member, "deleted:") }

// toSomebody reports whether the grant is worth something to somebody other
// than Google's own agents.
func toSomebody(g engine.Grant) bool { return !toDeleted(g) && !googleAgent(g.Member) }

// isBasic reports whether the grant is of the role owner or editor.
func isBasic(g engine.Grant) bool {
	return (g.Role == "roles/owner" || g.Role == "roles/editor") && toSomebody(g)
}

// impersonates reports whether the grant lets its member act as every service
// account of what it is on.
func impersonates(g engine.Grant) bool {
	return (g.Role == "roles/iam.serviceAccountUser" || g.Role == "roles/iam.serviceAccountTokenCreator") && toSomebody(g)
}

// googleAgent reports whether the member is a service account that Google
// itself runs for its services. What people run their own code as, such as the
// default accounts of Compute Engine, App Engine and Cloud Build, is not among
// them.
func googleAgent(member string) bool {
	email, ok := strings.CutPrefix(member, "serviceAccount:")
	if !ok {
		return false
	}
	_, domain, _ := strings.Cut(email, "@")
	if domain == "cloudservices.gserviceaccount.com" || domain == "system.gserviceaccount.com" {
		return true
	}
	project, ok := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	return ok && googleProject(project)
}

// googleProject reports whether Google's agents live in the project, where
// nobody else can make service accounts. A dot would make it a project of a
// customer's domain.
func googleProject(project string) bool {
	return strings.HasPrefix(project, "gcp-sa-") && !strings.Contains(project, ".") || slices.Contains(googleProjects, project)
}

// googleProjects are the projects of Google's agents that have names of their
// own, from https://cloud.google.com/iam/docs/service-agents.
var googleProjects = []string{
	"bigquery-data-connectors", "bigquery-encryption", "cloud-cdn-fill", "cloud-filer", "cloud-memcache-sa", "cloud-ml.google.com",
	"cloud-redis", "cloud-tpu", "cloudcomposer-accounts", "compute-system", "container-analysis", "container-engine-robot",
	"containerregistry", "dataflow-service-producer-prod", "dataproc-accounts", "dlp-api", "endpoints-portal", "firebase-rules",
	"firebase-sa-management", "gae-api-prod.google.com", "gcf-admin-robot", "gcp-gae-service", "genomics-api.google.com",
	"gs-project-accounts", "https-lb", "remotebuildexecution", "security-center-api", "serverless-robot-prod",
	"service-consumer-management", "service-networking", "sourcerepo-service-accounts", "storage-transfer-service",
}

// memberDomain returns the domain of a person, a group or a domain's people, in
// lower case; "" for the others.
func memberDomain(member string) string {
	kind, name, _ := strings.Cut(strings.ToLower(member), ":")
	switch kind {
	case "domain":
		return name
	case "user", "group":
		return name[strings.LastIndexByte(name, '@')+1:]
	}
	return ""
}

// domains returns the domains of the people and groups that are granted
// something, sorted.
func domains(grants []engine.Grant) []string {
	var found []string
	for _, g := range grants {
		if domain := memberDomain(g.Member); domain != "" {
			found = append(found, domain)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// holdBoth returns the members that are granted a role of each kind, sorted.
func holdBoth(grants []engine.Grant, one, other func(role string) bool) []string {
	held := map[string][2]bool{}
	for _, g := range grants {
		if !toSomebody(g) {
			continue
		}
		h := held[g.Member]
		held[g.Member] = [2]bool{h[0] || one(g.Role), h[1] || other(g.Role)}
	}
	var both []string
	for member, h := range held {
		if h[0] && h[1] {
			both = append(both, member)
		}
	}
	slices.Sort(both)
	return both
}
