package aws

// policy parses a resource policy that was read for the fields. It reports
// false when there is none, and when it cannot be judged: then the fields are
// marked as unread.
func (r *reading) policy(text string, fields ...string) (policyDocument, bool) {
	if text == "" {
		return policyDocument{}, false
	}
	doc, err := parsePolicy(text)
	return doc, r.Got(err, fields...)
}

// public reports whether a resource policy lets anyone in.
func (r *reading) public(text, field string) bool {
	doc, ok := r.policy(text, field)
	return ok && doc.public()
}
