package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

func TestJudge(t *testing.T) {
	p := loadRules(t, map[string]string{"tls": "resource.policy.tls && resource.days > 6"})
	r := resource(bucket{Days: 7, Policy: bucketPolicy{TLS: true}})
	want := posture.Finding{
		Fingerprint: posture.Fingerprint("tls", posture.AWS, "111122223333", "eu-central-1", "arn:aws:s3:::b"),
		Rule:        "tls", Provider: posture.AWS, Account: "111122223333", Region: "eu-central-1",
		Type: "AWS::S3::Bucket", Resource: "arn:aws:s3:::b", Name: "b", Status: posture.Pass,
		Evidence: []posture.Value{{Path: "resource.policy.tls", Value: true}, {Path: "resource.days", Value: int64(7)}},
	}
	if diff := cmp.Diff(want, judgeOne(t, p, r)); diff != "" {
		t.Errorf("pass:\n%s", diff)
	}
	r.Doc = &bucket{Days: 7}
	want.Status, want.Evidence[0].Value = posture.Fail, false
	if diff := cmp.Diff(want, judgeOne(t, p, r)); diff != "" {
		t.Errorf("fail, document by pointer:\n%s", diff)
	}
	r.Unread = []posture.Unread{{Field: "policy", Cause: denied}, {Field: "grants", Cause: denied}}
	want.Status, want.Evidence, want.Unknown = posture.Unknown, want.Evidence[1:], r.Unread[:1]
	if diff := cmp.Diff(want, judgeOne(t, p, r)); diff != "" {
		t.Errorf("unknown:\n%s", diff)
	}
}

// TestBeside holds that rules are judged without the evidence beside a field, say
// so, and stay unknown where the field itself was not read.
func TestBeside(t *testing.T) {
	p := loadRules(t, map[string]string{"r": "!resource.policy.public && resource.versioning"})
	left := posture.Unread{Field: "policy.public", Cause: denied, Beside: true}
	for _, c := range []struct {
		name   string
		doc    bucket
		unread []posture.Unread
		want   posture.Status
		beside []posture.Unread
	}{
		{"pass without", bucket{Versioning: true}, []posture.Unread{left}, posture.Pass, []posture.Unread{left}},
		{"fail without", bucket{}, []posture.Unread{left}, posture.Fail, []posture.Unread{left}},
		{"another field beside", bucket{Versioning: true}, []posture.Unread{{Field: "days", Cause: denied, Beside: true}}, posture.Pass, nil},
		{"and the field itself", bucket{}, []posture.Unread{left, {Field: "versioning", Cause: denied}}, posture.Unknown, nil},
		{"unread, not beside", bucket{Versioning: true}, []posture.Unread{{Field: "policy.public", Cause: denied}}, posture.Unknown, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := resource(c.doc)
			r.Unread = c.unread
			f := judgeOne(t, p, r)
			if diff := cmp.Diff(c.beside, f.Beside); diff != "" || f.Status != c.want {
				t.Errorf("%s, want %s; beside (-want +got):\n%s", f.Status, c.want, diff)
			}
			said := slices.Contains(f.Evidence, posture.Value{Path: "resource.policy.public", Value: "not read"})
			if said != (len(c.beside) > 0) && c.want != posture.Unknown {
				t.Errorf("evidence: %v", f.Evidence)
			}
		})
	}
}

// TestPartial is the truth table of what is decided although something is
// unread. The unread fields hold zero values, as a scanner leaves them.
func TestPartial(t *testing.T) {
	on := bucket{Versioning: true, Days: 7, Owner: "me", Grants: []string{"a"}, Statements: []statement{{Effect: "Allow"}}}
	for _, c := range []struct {
		require string
		unread  string
		want    posture.Status
	}{
		{"resource.policy.tls", "policy.tls", posture.Unknown},
		{"!resource.policy.tls", "policy.tls", posture.Unknown},
		{"resource.policy.tls", "policy", posture.Unknown},
		{"resource.policy.tls", "policy.public", posture.Fail},
		{"!resource.policy.public", "policy.tls", posture.Pass},
		{"resource.policy == resource.policy", "policy.tls", posture.Unknown},
		{"resource.versioning || resource.policy.tls", "policy", posture.Pass},
		{"resource.policy.tls || resource.versioning", "policy", posture.Pass},
		{"!resource.versioning || resource.policy.tls", "policy", posture.Unknown},
		{"!resource.versioning && resource.policy.tls", "policy", posture.Fail},
		{"resource.policy.tls && !resource.versioning", "policy", posture.Fail},
		{"resource.versioning && resource.policy.tls", "policy", posture.Unknown},
		{"resource.versioning ? resource.days > 6 : resource.policy.tls", "policy", posture.Pass},
		{"resource.policy.tls ? resource.versioning : resource.versioning", "policy", posture.Unknown},
		{"resource.days > 6", "days", posture.Unknown},
		{"resource.days in [0, 1]", "days", posture.Unknown},
		{`resource.owner in ["", "me"]`, "owner", posture.Unknown},
		{`resource.owner.startsWith("m")`, "owner", posture.Unknown},
		{"resource.grants.size() == 0", "grants", posture.Unknown},
		{"!resource.grants.exists(g, g == 'all')", "grants", posture.Unknown},
		{"resource.grants.all(g, resource.policy.tls)", "policy", posture.Unknown},
		{"resource.grants.all(g, resource.policy.tls || g == 'a')", "policy", posture.Pass},
		{"resource.statements.all(s, s.effect == 'Deny')", "statements", posture.Unknown},
		{"resource.statements.all(s, s.actions.size() == 0)", "statements.actions", posture.Unknown},
		{"resource.statements[0].effect == 'Allow'", "statements.actions", posture.Unknown},
		{"resource.statements.exists(s, s.effect == 'Allow')", "grants", posture.Pass},
		{`"team" in resource.tags`, "tags", posture.Unknown},
		{`"team" in resource.tags`, "labels", posture.Pass},
		{`resource.tags.team == "red"`, "tags", posture.Unknown},
		{`resource.tags["team"] == "red"`, "tags", posture.Unknown},
		{`resource.name == "b"`, "name", posture.Unknown},
		{`resource.name == "b" || resource.versioning`, "name", posture.Pass},
		{`"x" in resource.labels`, "labels.x", posture.Unknown},
		{`"x" in resource.labels`, "labels.y", posture.Unknown},
		{"now - resource.created > duration('1h')", "created", posture.Unknown},
		{"never(resource.created)", "created", posture.Unknown},
		{"never(resource.created)", "ratio", posture.Pass},
		{"!never(resource.created) && now - resource.created < duration('1h')", "ratio", posture.Fail},
		{"now - resource.created < duration('1h')", "ratio", posture.Unknown}, // too long ago to be told
		{"resource.ratio < 0.5", "ratio", posture.Unknown},
		{"resource.region == 'eu-central-1' && resource.days == 7", "policy", posture.Pass},
		{"math.greatest(resource.days, 3) == 3", "days", posture.Unknown},
		{"sets.contains(resource.grants, ['a'])", "grants", posture.Unknown},
		{"size(resource.grants) > 5 || resource.policy.tls || !resource.versioning", "policy", posture.Unknown},
		// An error is not false: only || and && with a deciding side absorb it.
		{"resource.labels.x == 'y' || resource.versioning", "policy", posture.Pass},
		{"resource.labels.x == 'y' || resource.policy.tls", "policy", posture.Unknown},
	} {
		t.Run(c.require+" without "+c.unread, func(t *testing.T) {
			p := loadRules(t, map[string]string{"r": c.require})
			f := judgeOne(t, p, resource(on, c.unread))
			if f.Status != c.want {
				t.Errorf("got %s, want %s: %+v", f.Status, c.want, f)
			}
			if (f.Status == posture.Unknown) != (len(f.Unknown) > 0) {
				t.Errorf("status %s with causes %v", f.Status, f.Unknown)
			}
		})
	}
}

// TestEverythingRead shows that a field that is empty is not one that is unread.
func TestEverythingRead(t *testing.T) {
	created := exampleTime().Add(-48 * time.Hour)
	on := bucket{
		Days: 7, Ratio: 0.25, Owner: "me", Created: created, Labels: map[string]string{"k": "v"},
		Statements: []statement{{Effect: "Allow", Actions: []string{"s3:*", "s3:Get"}}, {Effect: "Deny"}},
	}
	for require, want := range map[string]posture.Status{
		"resource.versioning":         posture.Fail,
		"resource.grants.size() == 0": posture.Pass,
		"resource.statements.exists(s, s.effect == 'Allow' && 's3:*' in s.actions)": posture.Pass,
		"resource.statements.filter(s, s.effect == 'Deny').size() == 1":             posture.Pass,
		"resource.statements.map(s, s.actions.size()) == [2, 0]":                    posture.Pass,
		"resource.statements[1].actions == []":                                      posture.Pass,
		"resource.statements[0] != resource.statements[1]":                          posture.Pass,
		"now - resource.created == duration('48h')":                                 posture.Pass,
		"resource.created.getFullYear() == 2025":                                    posture.Pass,
		"resource.ratio * 2.0 == 0.5":                                               posture.Pass,
		"resource.labels['k'] == 'v'":                                               posture.Pass,
		"resource.labels.all(k, k == 'k')":                                          posture.Pass,
		"'team' in resource.tags && resource.tags.team == 'red'":                    posture.Pass,
		"resource.id == 'arn:aws:s3:::b' && resource.name == 'b'":                   posture.Pass,
		"resource.account == '111122223333'":                                        posture.Pass,
		"resource.owner.lowerAscii().split('').size() == 2":                         posture.Pass,
		"sets.intersects(resource.grants, ['a'])":                                   posture.Fail,
		"type(resource.policy) == type(resource.policy)":                            posture.Pass,
		"!(dyn(resource.days) == 7.5)":                                              posture.Pass,
	} {
		t.Run(require, func(t *testing.T) {
			p := loadRules(t, map[string]string{"r": require})
			if f := judgeOne(t, p, resource(on)); f.Status != want {
				t.Errorf("got %s, want %s: %+v", f.Status, want, f)
			}
		})
	}
}

// TestErrors shows that a rule that cannot be evaluated is unknown, and that
// its reason quotes nothing of the resource.
func TestErrors(t *testing.T) {
	ruleError := posture.Cause{Reason: posture.RuleStopped, Operation: "evaluate require", Code: "rule error"}
	costLimit := posture.Cause{Reason: posture.RuleStopped, Operation: "evaluate require", Code: "cost limit"}
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("grant-%d", i)
	}
	for _, c := range []struct {
		require string
		want    posture.Cause
	}{
		{"resource.labels.secret == 'x'", ruleError},
		{"resource.labels['secret'] == 'x'", ruleError},
		{"resource.grants[5000] == 'x'", ruleError},
		{"int(resource.owner) > 1", ruleError},
		{"resource.days / 0 == 1", ruleError},
		{"string(dyn(resource.policy)) == ''", ruleError},
		{"resource.days + 9223372036854775807 > 0", ruleError},
		{"resource.grants.all(a, resource.grants.all(b, a + b != 'x'))", costLimit},
		{"resource.owner.matches('(a*)*b') || resource.grants.all(a, resource.grants.all(b, a != b + 'x'))", costLimit},
	} {
		t.Run(c.require, func(t *testing.T) {
			p := loadRules(t, map[string]string{"r": c.require})
			f := judgeOne(t, p, resource(bucket{Grants: many, Owner: "top-secret", Days: 1}))
			if diff := cmp.Diff([]posture.Unread{{Cause: c.want}}, f.Unknown); diff != "" || f.Status != posture.Unknown {
				t.Errorf("status %s, causes:\n%s", f.Status, diff)
			}
		})
	}
}

// TestBombs shows that expressions that grow are refused when they load or
// stopped when they run.
func TestBombs(t *testing.T) {
	for _, bomb := range []string{
		"[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, resource.grants.all(c, resource.grants.all(d, resource.grants.all(e, c + d != e)))))",
		"resource.owner" + strings.Repeat(`.replace("", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")`, 8) + ".size() > 0",
		"[resource.grants].map(a, [a, a]).map(a, [a, a]).map(a, [a, a]).size() > 0 && resource.grants.map(a, resource.grants.map(b, resource.grants)).size() > 0",
		strings.Repeat("!", 20_000) + "resource.versioning",
		"resource.versioning" + strings.Repeat(" && resource.versioning", 1000),
	} {
		files := map[string]string{"bomb.yaml": ruleText("bomb", bomb)}
		p, err := Load(testOptions(t, files))
		if err != nil {
			continue
		}
		grants := make([]string, 1000)
		f := judgeOne(t, p, resource(bucket{Grants: grants, Owner: strings.Repeat("a", 1000)}))
		if f.Status != posture.Unknown {
			t.Errorf("%.60s: loads and gives %s", bomb, f.Status)
		}
	}
}

func TestApplies(t *testing.T) {
	text := ruleText("r", "resource.versioning", "applies: resource.days > 0")
	p, err := Load(testOptions(t, map[string]string{"r.yaml": text}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		doc    bucket
		unread []string
		want   []posture.Status
	}{
		{"outside", bucket{Versioning: true}, nil, nil},
		{"inside", bucket{Versioning: true, Days: 1}, nil, []posture.Status{posture.Pass}},
		{"inside is unknown", bucket{Versioning: true}, []string{"days"}, []posture.Status{posture.Unknown}},
		{"outside whatever is required", bucket{}, []string{"versioning"}, nil},
		{"inside, required is unknown", bucket{Days: 1}, []string{"versioning"}, []posture.Status{posture.Unknown}},
	} {
		findings, err := p.Judge(resource(c.doc, c.unread...), exampleTime())
		if err != nil {
			t.Fatal(err)
		}
		var got []posture.Status
		for _, f := range findings {
			got = append(got, f.Status)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

// TestJudgeRefuses shows that a scanner's mistake is never judged.
func TestJudgeRefuses(t *testing.T) {
	p := loadRules(t, map[string]string{"r": "resource.versioning"})
	other := resource(bucket{})
	other.Doc = key{}
	none := resource(bucket{})
	none.Doc = (*bucket)(nil)
	absent := resource(bucket{})
	absent.Doc = nil
	for _, c := range []struct {
		on   posture.Resource
		want string
	}{
		{resource(bucket{}, "versionin"), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "versionin": AWS::S3::Bucket has no field "versionin": did you mean "versioning"?`},
		{resource(bucket{}, "policy.ssl"), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "policy.ssl": resource.policy has no field "ssl": expected one of public, tls`},
		{resource(bucket{}, "days.x"), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "days.x": days has no field "x"`},
		{resource(bucket{}, "statements.efect"), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "statements.efect": an item of statements has no field "efect": did you mean "effect"?`},
		{resource(bucket{}, ""), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "": AWS::S3::Bucket has no field "": expected one of created, days, grants, labels, owner, policy, ratio, statements, versioning, account, id, name, region, tags`},
		{resource(bucket{}, "id"), `judge AWS::S3::Bucket arn:aws:s3:::b: unread field "id": every resource has it, it cannot be unread`},
		{other, "judge AWS::S3::Bucket arn:aws:s3:::b: the document is policy.key: expected policy.bucket"},
		{none, "judge AWS::S3::Bucket arn:aws:s3:::b: the document is *policy.bucket: expected policy.bucket"},
		{absent, "judge AWS::S3::Bucket arn:aws:s3:::b: the document is <nil>: expected policy.bucket"},
	} {
		findings, err := p.Judge(c.on, exampleTime())
		if err == nil || len(findings) > 0 {
			t.Errorf("%s: got %v and error %v", c.want, findings, err)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTypesWithoutRules(t *testing.T) {
	p := loadRules(t, map[string]string{"r": "resource.versioning"})
	findings, err := p.Judge(posture.Resource{Type: "AWS::KMS::Key", Doc: key{}}, exampleTime())
	if err != nil || findings != nil {
		t.Errorf("got %v, %v", findings, err)
	}
	if got := p.Unlisted(posture.Target{}, posture.Population{Type: "AWS::KMS::Key"}); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestUnlisted(t *testing.T) {
	p := loadRules(t, map[string]string{"r": "resource.versioning", "q": "resource.days > 1"})
	target := posture.Target{Provider: posture.AWS, Account: "111122223333"}
	pop := posture.Population{Type: "AWS::S3::Bucket", Region: "eu-central-1", Cause: &denied}
	finding := func(rule string, cause posture.Cause) posture.Finding {
		id := posture.ScopeID(target, "eu-central-1", "AWS::S3::Bucket")
		return posture.Finding{
			Fingerprint: posture.Fingerprint(rule, posture.AWS, "111122223333", "eu-central-1", id),
			Rule:        rule, Provider: posture.AWS, Account: "111122223333", Region: "eu-central-1", Type: "AWS::S3::Bucket",
			Resource: id, Name: "all AWS::S3::Bucket", Listing: true, Status: posture.Unknown, Unknown: []posture.Unread{{Cause: cause}},
		}
	}
	if diff := cmp.Diff([]posture.Finding{finding("q", denied), finding("r", denied)}, p.Unlisted(target, pop)); diff != "" {
		t.Error(diff)
	}
	pop.Cause = nil
	notListed := posture.Cause{Reason: posture.NotListed}
	if diff := cmp.Diff([]posture.Finding{finding("q", notListed), finding("r", notListed)}, p.Unlisted(target, pop)); diff != "" {
		t.Error(diff)
	}
	pop.Complete = true
	if got := p.Unlisted(target, pop); got != nil {
		t.Errorf("a complete listing gives %v", got)
	}
}

func TestConcurrentJudging(t *testing.T) {
	p := loadRules(t, map[string]string{"a": "resource.grants.all(g, g != 'x')", "b": "resource.policy.tls || resource.versioning"})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			on := resource(bucket{Versioning: i%2 == 0, Grants: []string{"a", "b"}}, "policy.tls")
			want := posture.Unknown
			if i%2 == 0 {
				want = posture.Pass
			}
			for range 200 {
				findings, err := p.Judge(on, exampleTime())
				if err != nil || len(findings) != 2 || findings[0].Status != posture.Pass || findings[1].Status != want {
					t.Errorf("goroutine %d: %v, %v", i, findings, err)
					return
				}
			}
		})
	}
	group.Wait()
}
