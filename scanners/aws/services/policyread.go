package services

import "posture/scanners/aws/engine"

// readPolicy parses a resource policy that was read for the fields. It reports
// false when there is none, and when it cannot be judged: then the fields are
// marked as unread.
func readPolicy(r *engine.Reading, text string, fields ...string) (policyDocument, bool) {
	if text == "" {
		return policyDocument{}, false
	}
	doc, err := parsePolicy(text)
	return doc, r.Got(err, fields...)
}

// readPublic reports whether a resource policy lets anyone in.
func readPublic(r *engine.Reading, text, field string) bool {
	doc, ok := readPolicy(r, text, field)
	return ok && doc.public()
}
