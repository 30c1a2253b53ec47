package main

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"posture/internal/goldentest"
)

var update = flag.Bool("update", false, "write docs/soc2-mapping.md again, as make generate does")

// TestPage holds that docs/soc2-mapping.md is what the rules and maps say.
func TestPage(t *testing.T) {
	got, err := write()
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, *update, "../../docs/soc2-mapping.md", got)
}

// TestMapsAreRefused shows what the page is not written for.
func TestMapsAreRefused(t *testing.T) {
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		wrong func(*publicMaps)
		want  string
	}{
		{"a check of no criterion", func(m *publicMaps) { m.Maps[0].Checks["x"] = []string{"CC6.9"} }, "prowler-aws x: there is no criterion CC6.9"},
		{"a peer of no rule", func(m *publicMaps) { m.Peers["aws-x"] = nil }, "peers: there is no rule aws-x"},
		{"a peer in no map", func(m *publicMaps) { m.Peers["aws-sns-topic-kms-encrypted"]["x"] = nil }, "peers of aws-sns-topic-kms-encrypted: there is no map x"},
		{"a peer that the map has not", func(m *publicMaps) { m.Peers["aws-sns-topic-kms-encrypted"]["powerpipe"] = []string{"x"} }, "powerpipe has no check x"},
		{"a difference without a reason", func(m *publicMaps) { m.LeftOut = m.LeftOut[1:] }, "expected why family audit-trail does not name A1.1"},
		{"a reason for nothing", func(m *publicMaps) { m.LeftOut = append(m.LeftOut, leftOut{Criterion: "A1.3"}) }, "nothing needs the reason for A1.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := readMaps()
			if err != nil {
				t.Fatal(err)
			}
			c.wrong(&m)
			p := &page{book: b, maps: m, used: map[int]bool{}}
			errs := m.check(b)
			if len(errs) == 0 {
				p.text()
				errs = append(p.errs, p.idle()...)
			}
			if err := errors.Join(errs...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
