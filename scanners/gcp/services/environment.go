package services

import (
	"encoding/json"
	"slices"

	"posture/scanners"
)

// credentialVariables are the names of environment variables that hold a
// credential. Neither that value nor any other is kept.
type credentialVariables []string

// UnmarshalJSON implements json.Unmarshaler. It takes both forms in which the
// APIs write environments: an object, and a list of names and values.
func (c *credentialVariables) UnmarshalJSON(b []byte) error {
	*c = nil
	if len(b) > 0 && b[0] == '[' {
		var list []struct{ Name, Value string }
		err := json.Unmarshal(b, &list)
		for _, variable := range list {
			c.add(variable.Name, variable.Value)
		}
		return err
	}
	var object map[string]string
	err := json.Unmarshal(b, &object)
	for name, value := range object {
		c.add(name, value)
	}
	return err
}

func (c *credentialVariables) add(name, value string) {
	if scanners.CredentialVariable(name, value) {
		*c = append(*c, name)
	}
}

// merged returns the names of several environments, sorted, each once.
func merged(environments ...credentialVariables) []string {
	var names []string
	for _, environment := range environments {
		names = append(names, environment...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
