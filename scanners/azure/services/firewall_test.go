package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangePrefixes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{"0.0.0.0", "255.255.255.255", []string{"0.0.0.0/0"}},
		{"1.0.0.0", "255.255.255.255", []string{"1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "8.0.0.0/5", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1"}},
		{"203.0.113.7", "203.0.113.7", []string{"203.0.113.7/32"}},
		{"203.0.113.7", "203.0.113.9", []string{"203.0.113.7/32", "203.0.113.8/31"}},
		{"203.0.113.9", "203.0.113.7", nil},
		{"2001:db8::", "2001:db8::1", []string{"2001:db8::/127"}},
		{"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", []string{"::/0"}},
		{"203.0.113.7", "2001:db8::", nil},
		{"everyone", "203.0.113.9", nil},
		{"", "", nil},
	} {
		if diff := cmp.Diff(c.want, rangePrefixes(c.from, c.to)); diff != "" {
			t.Errorf("%s-%s: %s", c.from, c.to, diff)
		}
	}
}
