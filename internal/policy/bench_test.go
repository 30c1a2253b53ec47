package policy

import (
	"fmt"
	"testing"
	"time"

	"posture/internal/posture"
)

// benchExpressions are of the kinds that rules are made of.
var benchExpressions = []string{
	`resource.versioning`,
	`resource.policy.tls && !resource.policy.public`,
	`resource.days >= 7 && resource.days <= 365`,
	`resource.owner in ["BucketOwnerEnforced", "BucketOwnerPreferred"]`,
	`!resource.grants.exists(g, g == "AllUsers")`,
	`"team" in resource.tags || resource.region == "us-east-1"`,
	`resource.policy.tls || resource.owner.startsWith("Bucket")`,
	`now - resource.created < duration("8760h")`,
	`!resource.policy.public && resource.versioning && resource.days > 0`,
	`resource.owner != "" ? resource.policy.tls : resource.versioning`,
}

func benchPolicy(b *testing.B) *Policy {
	expressions := map[string]string{}
	for i := range 30 {
		expressions[fmt.Sprintf("r-%02d", i)] = benchExpressions[i%len(benchExpressions)]
	}
	return loadRules(b, expressions)
}

func benchResource(unread ...string) posture.Resource {
	return resource(bucket{
		Versioning: true, Days: 30, Owner: "BucketOwnerEnforced", Created: exampleTime().Add(-time.Hour),
		Policy: bucketPolicy{TLS: true}, Grants: []string{"owner", "log-delivery", "reader"},
	}, unread...)
}

// BenchmarkJudge measures judging, findings and evidence included.
func BenchmarkJudge(b *testing.B) {
	for name, unread := range map[string][]string{"read": nil, "unread": {"policy.tls", "versioning"}} {
		b.Run(name, func(b *testing.B) {
			p, r := benchPolicy(b), benchResource(unread...)
			evaluations := 0
			b.ReportAllocs()
			for b.Loop() {
				findings, err := p.Judge(r, exampleTime())
				if err != nil {
					b.Fatal(err)
				}
				evaluations += len(findings)
			}
			b.ReportMetric(float64(evaluations)/b.Elapsed().Seconds(), "evaluations/s")
		})
	}
}

// BenchmarkEvaluate measures the expressions alone, cost limit on.
func BenchmarkEvaluate(b *testing.B) {
	p, r := benchPolicy(b), benchResource()
	rules := p.types[r.Type].rules
	c, err := p.types[r.Type].open(&r, exampleTime())
	if err != nil {
		b.Fatal(err)
	}
	evaluations := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, rule := range rules {
			c.verdict(rule)
		}
		evaluations += len(rules)
	}
	b.ReportMetric(float64(evaluations)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkCompile200 measures loading 200 rules, reading the files included.
func BenchmarkCompile200(b *testing.B) {
	files := map[string]string{}
	for i := range 200 {
		id := fmt.Sprintf("r-%03d", i)
		files[id+".yaml"] = ruleText(id, benchExpressions[i%len(benchExpressions)])
	}
	opts := testOptions(b, files)
	for b.Loop() {
		if _, err := Load(opts); err != nil {
			b.Fatal(err)
		}
	}
}
