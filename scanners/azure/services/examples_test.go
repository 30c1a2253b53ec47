package services

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/internal/goldentest"
	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestExamples scans what the examples of Azure's own SDK show of resources: each
// is read, and the golden file holds what of it is unread, for another reason
// than that the examples lack an answer of Azure Resource Manager.
func TestExamples(t *testing.T) {
	t.Parallel()
	estate, err := azuretest.Load("../testdata/scope.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if err := estate.LoadRows("../testdata/examples.json"); err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, rows := range estate.Tables {
		examples += len(rows)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	e, err := engine.Open(Registry(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	read := map[string]int{}
	for _, r := range enginetest.ScanKnown(t, e, enginetest.Everything(Registry()), map[string]bool{}) {
		read[r.Type]++
		for _, u := range r.Unread {
			if u.Cause.Reason == posture.NotAnswered || u.Cause.Reason == posture.NotUnderstood || u.Cause.Reason == posture.Mistake || u.Cause.Reason == posture.Malformed {
				count[fmt.Sprintf("%s %s: %s", r.Type, u.Field, u.Cause)]++
			}
		}
	}
	if examples < 150 {
		t.Errorf("%d examples", examples)
	}
	var lines []string
	for typ, n := range read {
		lines = append(lines, fmt.Sprintf("%s: %d read", typ, n))
	}
	for what, n := range count {
		lines = append(lines, fmt.Sprintf("%s (%d)", what, n))
	}
	slices.Sort(lines)
	goldentest.Compare(t, *update, "testdata/examples.golden", strings.Join(lines, "\n")+"\n")
}
