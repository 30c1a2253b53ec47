package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// exportedMachine is a row as az graph query writes it.
func exportedMachine(name, subscription string) string {
	return fmt.Sprintf(`{"id": "/subscriptions/%[2]s/resourceGroups/a/providers/Microsoft.Test/machines/%[1]s", "name": %[1]q,
		"type": "microsoft.test/machines", "subscriptionId": %[2]q, "properties": {}}`, name, subscription)
}

// TestFromExport holds of which types an export lists all, subscription by
// subscription: those of which it has a row, unless it is truncated.
func TestFromExport(t *testing.T) {
	const one, two = "11111111-2222-3333-4444-555555555555", "22222222-2222-3333-4444-555555555555"
	page := func(total int, rows ...string) string {
		return fmt.Sprintf(`{"count": %d, "data": [%s], "skip_token": null, "total_records": %d}`, len(rows), strings.Join(rows, ","), total)
	}
	disk := strings.ReplaceAll(exportedMachine("d", two), "machines", "disks")
	for name, test := range map[string]struct {
		files    []string
		whole    bool
		complete map[string]bool // of machines, by subscription
		machines int
	}{
		"a query":                       {[]string{page(2, exportedMachine("a", one), exportedMachine("b", one))}, false, map[string]bool{one: true}, 2},
		"an array":                      {[]string{"\xef\xbb\xbf[" + exportedMachine("a", one) + "]"}, false, map[string]bool{one: true}, 1},
		"truncated":                     {[]string{page(9, exportedMachine("a", one))}, false, map[string]bool{one: false}, 1},
		"truncated, by its token":       {[]string{`{"data": [` + exportedMachine("a", one) + `], "skip_token": "x"}`}, false, map[string]bool{one: false}, 1},
		"an array that may be cut":      {[]string{"[" + strings.Repeat(exportedMachine("a", one)+",", 99) + exportedMachine("a", one) + "]"}, false, map[string]bool{one: false}, 1},
		"two pages of a query":          {[]string{page(2, exportedMachine("a", one)), page(2, exportedMachine("b", one))}, false, map[string]bool{one: true}, 2},
		"whole, beside a part":          {[]string{page(1, exportedMachine("a", one)), page(2, exportedMachine("b", one)), page(2, exportedMachine("c", one))}, false, map[string]bool{one: true}, 3},
		"parts of two queries":          {[]string{page(2, exportedMachine("a", one)), page(2, exportedMachine("b", one)), page(2, exportedMachine("c", one))}, false, map[string]bool{one: false}, 3},
		"another subscription":          {[]string{page(2, exportedMachine("a", one), disk)}, false, map[string]bool{one: true, two: false}, 1},
		"another, and nothing left out": {[]string{page(2, exportedMachine("a", one), disk)}, true, map[string]bool{one: true, two: true}, 1},
		"a row twice":                   {[]string{page(1, exportedMachine("a", one)), "[" + exportedMachine("A", one) + "]"}, false, map[string]bool{one: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var exports []engine.Export
			for i, text := range test.files {
				exports = append(exports, engine.Export{Name: fmt.Sprint("file", i), Reader: strings.NewReader(text)})
			}
			e, err := engine.FromExport(around(), exports, engine.Options{Now: enginetest.Now, Complete: test.whole})
			if err != nil {
				t.Fatal(err)
			}
			targets, err := e.Targets(t.Context())
			if err != nil || len(targets) != len(test.complete) {
				t.Fatalf("%v, %v", targets, err)
			}
			machines := 0
			for _, target := range targets {
				report := e.Subscription(target).Scan(t.Context(), enginetest.Everything(around(), "Microsoft.Test/machines"), func(posture.Resource) { machines++ })
				if got := report.Populations[0].Complete; got != test.complete[target.Account] || len(report.Calls) != 0 {
					t.Errorf("%s: complete %v, calls %v, %v", target.Account, got, report.Calls, report.Populations[0].Cause)
				}
			}
			if machines != test.machines {
				t.Errorf("%d machines", machines)
			}
		})
	}
}
