package engine

import (
	"regexp"
	"strings"

	"posture/internal/posture"
)

// regionForm is what a region looks like; nothing else gets into an address.
var regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// consoles holds the console's origin and the domain of the APIs, by partition.
var consoles = map[string]struct{ origin, domain string }{
	"aws":        {"https://console.aws.amazon.com", "amazonaws.com"},
	"aws-us-gov": {"https://console.amazonaws-us-gov.com", "amazonaws.com"},
	"aws-cn":     {"https://console.amazonaws.cn", "amazonaws.com.cn"},
}

// Console returns the origin of the console that shows a resource, none for
// what has no ARN, and the words that a type's page may name: {id}, the ARN;
// {last}, what follows its last slash or colon; {name}; {account}; {region};
// {home}, the region of global services; and {domain}, that of the APIs.
func Console(r posture.Resource) (origin string, words map[string]string) {
	parts := strings.SplitN(r.ID, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return "", nil
	}
	at := consoles[parts[1]]
	words = map[string]string{
		"id": r.ID, "last": parts[5][strings.LastIndexAny(parts[5], "/:")+1:], "name": r.Name, "account": r.Account,
		"home": HomeRegion(parts[1]), "domain": at.domain,
	}
	if regionForm.MatchString(r.Region) {
		words["region"] = r.Region
	}
	return at.origin, words
}
