package iampolicy

import (
	"slices"
	"strings"
)

// knownKey reports whether a condition key, given in lower case, is one of a
// service's own.
func knownKey(name string) bool {
	return slices.ContainsFunc(serviceKeys, func(key string) bool {
		prefix := strings.HasSuffix(key, "/") || strings.HasSuffix(key, ":")
		return key == name || prefix && strings.HasPrefix(name, key)
	})
}

// resources fills in a pattern of the reference. The region stays a pattern.
func (a Account) resources(patterns []string, region string) []string {
	fill := strings.NewReplacer("${Partition}", a.partition(), "${Account}", a.ID, "${Region}", region)
	var list []string
	for _, pattern := range patterns {
		list = append(list, fill.Replace(pattern))
	}
	return list
}
