package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// policyDocument is a policy of IAM's language, parsed: who may do what. It
// is matched in memory and never kept.
type policyDocument struct {
	Statements []statement
}

// statement is one statement of a policy document.
type statement struct {
	Allow        bool // Effect is Allow; else it is Deny
	Principal    principals
	NotPrincipal principals
	Action       texts // lower case
	NotAction    texts // lower case
	Resource     texts
	NotResource  texts
	Condition    map[string]map[string]texts // by operator and key, both in lower case
}

// principals holds the principals of a statement by kind: "AWS", "Service",
// "Federated", "CanonicalUser". A bare "*" is kind "*".
type principals map[string]texts

// texts is a string or a list of them, as policies write both.
type texts []string

var errPolicy = errors.New("malformed policy document")

// parsePolicy parses a policy document as most services return it. Its error
// quotes nothing of the document.
func parsePolicy(text string) (policyDocument, error) {
	var raw struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &raw); err != nil || len(raw.Statement) == 0 {
		return policyDocument{}, errPolicy
	}
	list := raw.Statement
	if list[0] != '[' {
		list = slices.Concat([]byte("["), list, []byte("]"))
	}
	var doc policyDocument
	if err := json.Unmarshal(list, &doc.Statements); err != nil {
		return policyDocument{}, errPolicy
	}
	return doc, nil
}

// parseEncodedPolicy parses a policy document as IAM returns it: URL-encoded.
func parseEncodedPolicy(text string) (policyDocument, error) {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return policyDocument{}, errPolicy
	}
	return parsePolicy(decoded)
}

// UnmarshalJSON reads a statement. One that neither allows nor denies, or
// that names no action, is an error.
func (s *statement) UnmarshalJSON(data []byte) error {
	var raw struct {
		Effect                                   string
		Principal, NotPrincipal                  principals
		Action, NotAction, Resource, NotResource texts
		Condition                                map[string]map[string]texts
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return errPolicy
	}
	if raw.Effect != "Allow" && raw.Effect != "Deny" || len(raw.Action)+len(raw.NotAction) == 0 {
		return errPolicy
	}
	*s = statement{
		Allow:     raw.Effect == "Allow",
		Principal: raw.Principal, NotPrincipal: raw.NotPrincipal,
		Action: raw.Action.lower(), NotAction: raw.NotAction.lower(),
		Resource: raw.Resource, NotResource: raw.NotResource,
		Condition: lowerKeys(raw.Condition),
	}
	return nil
}

func lowerKeys(conditions map[string]map[string]texts) map[string]map[string]texts {
	lower := map[string]map[string]texts{}
	for operator, keys := range conditions {
		operator = strings.ToLower(operator)
		lower[operator] = map[string]texts{}
		for key, values := range keys {
			lower[operator][strings.ToLower(key)] = values
		}
	}
	return lower
}

// UnmarshalJSON reads "*" or an object of lists by kind.
func (p *principals) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		var everyone texts
		if err := everyone.UnmarshalJSON(data); err != nil {
			return err
		}
		*p = principals{"*": everyone}
		return nil
	}
	return json.Unmarshal(data, (*map[string]texts)(p))
}

// UnmarshalJSON reads a string, a boolean, a number, or a list of those.
func (t *texts) UnmarshalJSON(data []byte) error {
	items := []json.RawMessage{data}
	if bytes.HasPrefix(data, []byte("[")) {
		if err := json.Unmarshal(data, &items); err != nil {
			return errPolicy
		}
	}
	*t = texts{}
	for _, item := range items {
		var text string
		switch {
		case len(item) == 0, item[0] == '{', item[0] == '[', string(item) == "null":
			return errPolicy
		case item[0] != '"':
			text = string(item)
		case json.Unmarshal(item, &text) != nil:
			return errPolicy
		}
		*t = append(*t, text)
	}
	return nil
}

func (t texts) lower() texts {
	lower := make(texts, len(t))
	for i, text := range t {
		lower[i] = strings.ToLower(text)
	}
	return lower
}
