package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestInventoryAge: evidence from an inventory says how old it may be.
func TestInventoryAge(t *testing.T) {
	p := loadRules(t, map[string]string{"days": "resource.days > 6"})
	r := resource(bucket{Days: 7})
	r.Updated = time.Date(2026, 11, 20, 11, 0, 0, 0, time.FixedZone("CET", 3600))
	want := []posture.Value{{Path: "resource.days", Value: int64(7)}, {Path: "inventory.updated", Value: "2026-11-20T10:00:00Z"}}
	if diff := cmp.Diff(want, judgeOne(t, p, r).Evidence); diff != "" {
		t.Error(diff)
	}
}

// TestAgeOfNothing: where nothing was read there is no age to tell.
func TestAgeOfNothing(t *testing.T) {
	p := loadRules(t, map[string]string{"days": "resource.days > 6"})
	r := resource(bucket{}, "days")
	r.Updated = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	if diff := cmp.Diff([]posture.Value{}, judgeOne(t, p, r).Evidence); diff != "" {
		t.Error(diff)
	}
}

// TestElsewhere: a rule for another policy's type is passed over, and so is
// what is said of it.
func TestElsewhere(t *testing.T) {
	other := strings.ReplaceAll(ruleText("other", "resource.shiny"), "AWS::S3::Bucket", "storage.googleapis.com/Bucket")
	opts := testOptions(t, map[string]string{"ours.yaml": ruleText("ours", "resource.versioning"), "other.yaml": other})
	if _, err := Load(opts); err == nil {
		t.Error("a rule for an unknown type was loaded")
	}
	opts.Elsewhere = func(typ string) bool { return strings.Contains(typ, "googleapis") }
	opts.Disabled = []string{"other"}
	p, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	if rules := p.Rules(); len(rules) != 1 || rules[0].ID != "ours" {
		t.Errorf("got %v", rules)
	}
}

// TestReadDirectly: evidence says what was read a second time, and leaves the
// inventory's age out where nothing comes from there.
func TestReadDirectly(t *testing.T) {
	p := loadRules(t, map[string]string{"days": "resource.days > 6 && resource.versioning"})
	direct, inventory := "direct.read 2026-11-22T01:00:00Z", "inventory.updated 2026-11-20T10:00:00Z"
	for name, test := range map[string]struct {
		fields, mixed []string
		want          []string
	}{
		"none":       {nil, nil, []string{inventory}},
		"other ones": {[]string{"key"}, nil, []string{inventory}},
		"one":        {[]string{"days"}, nil, []string{inventory, direct}},
		"mixed":      {[]string{"days", "versioning"}, []string{"days"}, []string{inventory, direct}},
		"all":        {[]string{"days", "versioning"}, []string{"key"}, []string{direct}},
	} {
		t.Run(name, func(t *testing.T) {
			r := resource(bucket{Days: 7})
			r.Updated = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
			r.Direct = &posture.Direct{At: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC), Fields: test.fields, Mixed: test.mixed}
			var got []string
			for _, v := range judgeOne(t, p, r).Evidence {
				if text, ok := v.Value.(string); ok {
					got = append(got, v.Path+" "+text)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReads(t *testing.T) {
	p := loadRules(t, map[string]string{"days": "resource.days > 6 && resource.name != ''", "versions": "resource.versioning || resource.days > 1"})
	if diff := cmp.Diff([]string{"days", "versioning"}, p.Reads("days", "versions", "none")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"days"}, p.Reads("days")); diff != "" {
		t.Error(diff)
	}
}
