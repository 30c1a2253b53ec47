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

// resources fills in patterns of the reference.
func (a AccountRef) resources(patterns []string, region string) []string {
	list := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		pattern = strings.ReplaceAll(pattern, "${Partition}", a.partition())
		pattern = strings.ReplaceAll(pattern, "${Account}", a.ID)
		list = append(list, strings.ReplaceAll(pattern, "${Region}", region))
	}
	return list
}
