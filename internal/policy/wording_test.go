package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// worded returns a rule file that fails every bucket, with what it says.
func worded(more string) map[string]string {
	text := ruleText("r", "resource.days > 1000", more)
	return map[string]string{"r.yaml": strings.Replace(text, "fix: Mend it.\n", "", 1)}
}

// said returns the sentence and the command of the finding on a bucket.
func said(t *testing.T, more string, r posture.Resource) [2]string {
	t.Helper()
	p, err := Load(testOptions(t, worded(more)))
	if err != nil {
		t.Fatal(err)
	}
	f := judgeOne(t, p, r)
	return [2]string{f.Sentence, f.Command}
}

func TestSentences(t *testing.T) {
	doc := bucket{
		Days: 7, Owner: "o", Grants: []string{"a", "b", "a", "c", "d", "e"}, Ratio: 0.125,
		Statements: []statement{{Effect: "Allow", Actions: []string{"x", "y"}}, {Effect: "Deny", Actions: []string{"y"}}},
	}
	for name, test := range map[string]struct{ fails, want string }{
		"a name":                       {`"{name} is bad"`, "b1 is bad"},
		"what every resource has":      {`"{account} {region} {id}"`, "111122223333 eu-central-1 arn:aws:s3:::b1"},
		"a number":                     {`"{name} keeps {days} days"`, "b1 keeps 7 days"},
		"a fraction":                   {`"{ratio}"`, "0.125"},
		"a list, cut at three":         {`"{grants}"`, "a, b, c and 2 more"},
		"fields of a list's items":     {`"{statements.effect}"`, "Allow, Deny"},
		"lists in a list":              {`"{statements.actions}"`, "x, y"},
		"a time that never was":        {`"last written: {created}"`, "last written: never"},
		"the last part of the id":      {`"{id.last}"`, "b1"},
		"no such part of the id":       {`"{id.zones}"`, ""},
		"a named value":                {"\"{who} may\"\nlet: {who: 'resource.statements.filter(s, s.effect == \"Allow\").map(s, s.effect)'}", "Allow may"},
		"an empty list":                {"\"{who}\"\nlet: {who: 'resource.grants.filter(g, g == \"z\")'}", "none"},
		"a value that is an error":     {"\"{who}\"\nlet: {who: 'resource.grants[17]'}", ""},
		"the first form that holds":    {`[{when: resource.days == 6, say: six}, {when: resource.days == 7, say: seven}, {say: other}]`, "seven"},
		"otherwise the last form":      {`[{when: resource.days == 6, say: six}, {say: "{days}"}]`, "7"},
		"a condition that is an error": {`[{when: "resource.grants[17] == ''", say: a}, {say: b}]`, "b"},
		"a closing brace is only that": {`"{name}}"`, "b1}"},
	} {
		r := resource(doc)
		r.ID, r.Name = "arn:aws:s3:::b1", "b1"
		if got := said(t, "fix: f\nfails: "+test.fails, r)[0]; got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// TestTimesInSentences holds how a date reads.
func TestTimesInSentences(t *testing.T) {
	r := resource(bucket{Created: time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)})
	if got, want := said(t, `fails: "since {created}"`+"\nfix: f", r)[0], "since 4 Mar 2025"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestUnreadIsNotSaid: a sentence or a command with a value that was not read
// is not there, and the others are.
func TestUnreadIsNotSaid(t *testing.T) {
	r := resource(bucket{})
	r.Unread = []posture.Unread{{Field: "owner", Cause: posture.Cause{Reason: posture.Denied}}}
	for name, test := range map[string]struct {
		more string
		want [2]string
	}{
		"in a sentence":            {"fails: \"{owner}\"\nfix: {command: 'do {name}', note: n}", [2]string{"", "do " + r.Name}},
		"in a command":             {"fails: \"{name}\"\nfix: {command: 'do {owner}', note: n}", [2]string{r.Name, ""}},
		"in a named value":         {"fails: \"{who}\"\nlet: {who: 'resource.owner + \"!\"'}\nfix: n", [2]string{}},
		"in a condition":           {"fails: [{when: resource.owner == '', say: a}, {say: b}]\nfix: n", [2]string{"b", ""}},
		"in a command's condition": {"fails: a\nfix: {command: [{when: resource.owner == '', run: a}, {run: b}], note: n}", [2]string{"a", ""}},
	} {
		if diff := cmp.Diff(test.want, said(t, test.more, r)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// TestCommandsAreQuoted holds that a shell reads each value as one argument,
// whatever a stranger called the resource, or that there is no command.
func TestCommandsAreQuoted(t *testing.T) {
	for value, want := range map[string]string{
		"plain-1.2_x:/@":  "do --x plain-1.2_x:/@ now",
		"two words":       "do --x 'two words' now",
		"it's; rm -rf /":  `do --x 'it'"'"'s; rm -rf /' now`,
		"$(reboot)`x`":    "do --x '$(reboot)`x`' now",
		"-rf":             "",
		"--profile=other": "",
		"":                "",
		"line\nbreak":     "",
		"\x1b[2J":         "",
		"\u202ereversed":  "",
		"!history":        "do --x '!history' now",
	} {
		r := resource(bucket{Owner: value})
		if got := said(t, "fix: {command: 'do --x {owner} now', note: n}", r)[1]; got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
	r := resource(bucket{Grants: []string{"a b", "c"}})
	if got, want := said(t, "fix: {command: 'do {grants}', note: n}", r)[1], "do 'a b' c"; got != want {
		t.Errorf("a list: got %q, want %q", got, want)
	}
}

// TestCommandForms: the command is that of the first condition which holds, and
// braces in its quotes that hold no name are text.
func TestCommandForms(t *testing.T) {
	const fix = `fix:
  note: n
  command:
    - {when: 'resource.owner == "a"', run: 'set-a {name}'}
    - {when: 'resource.owner == "b"', run: "set-b '{\"B\":{\"on\":true}}' {name} '{}' '[{K=v}]'"}
`
	for owner, want := range map[string]string{
		"a": "set-a b", "b": `set-b '{"B":{"on":true}}' b '{}' '[{K=v}]'`, "c": "",
	} {
		if got := said(t, fix, resource(bucket{Owner: owner}))[1]; got != want {
			t.Errorf("%s: got %q, want %q", owner, got, want)
		}
	}
	if got, want := said(t, fix+"    - {run: 'set {name}'}", resource(bucket{Owner: "c"}))[1], "set b"; got != want {
		t.Errorf("otherwise: got %q, want %q", got, want)
	}
}

// TestShownCommands: of several commands each is shown under when it is the one,
// of one it is not said.
func TestShownCommands(t *testing.T) {
	for fix, want := range map[string]string{
		"{run: a}":                            "a",
		"{when: resource.versioning, run: a}": "# when resource.versioning\na",
		"{when: resource.versioning, run: a}, {when: resource.days == 1, run: b}": "# when resource.versioning\na\n# when resource.days == 1\nb",
		"{when: resource.versioning, run: a}, {run: b}":                           "# when resource.versioning\na\n# otherwise\nb",
	} {
		p, err := Load(testOptions(t, worded("fix: {note: n, command: ["+fix+"]}")))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(posture.Fix{Command: want, Note: "n"}, p.Rules()[0].Fix); diff != "" {
			t.Errorf("%s: -want +got\n%s", fix, diff)
		}
	}
}

// TestInQuotes holds after which texts a shell is in quotes.
func TestInQuotes(t *testing.T) {
	for text, want := range map[string]bool{
		`do `: false, `'do`: true, `"do`: true, `'do'`: false, `"do"`: false, `"it's"`: false, `'"'`: false, `\'do`: false, `\"do`: false,
		`"\"`: true, `"\\"`: false, `'\'`: false, `'do' "`: true,
	} {
		if got := inQuotes(text); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// TestNamelessResources: what has no name is called by the end of its id.
func TestNamelessResources(t *testing.T) {
	r := resource(bucket{})
	r.ID = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"
	r.Name = r.ID
	got := said(t, "fails: \"{name} is bad\"\nfix: {command: 'do {name} {id}', note: n}", r)
	if want := [2]string{"vol-1 is bad", "do vol-1 " + r.ID}; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPartsOfIDs(t *testing.T) {
	const disk = "//compute.googleapis.com/projects/p/zones/z-1/disks/d"
	for name, test := range map[string]struct {
		id, part, want string
	}{
		"last of a full name":    {disk, "last", "d"},
		"path of a full name":    {disk, "path", "projects/p/zones/z-1/disks/d"},
		"element of a full name": {disk, "zones", "z-1"},
		"element that is last":   {disk, "d", ""},
		"last of an ARN":         {"arn:aws:rds:eu-west-1:1:db:x", "last", "x"},
		"element of an ARN":      {"arn:aws:rds:eu-west-1:1:db:x", "db", "x"},
		"of a path in an ARN":    {"arn:aws:iam::1:role/a/b", "last", "b"},
		"of an Azure id":         {"/subscriptions/s/resourceGroups/g/providers/x", "resourceGroups", "g"},
		"path of an Azure id":    {"/subscriptions/s", "path", "subscriptions/s"},
		"of nothing":             {"", "last", ""},
	} {
		if got, ok := idPart(test.id, test.part); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %t; want %q", name, got, ok, test.want)
		}
	}
}

func TestWordingRefusals(t *testing.T) {
	for name, test := range map[string]struct{ more, want string }{
		"unknown field":            {`fails: "{dayz}"`, `placeholder {dayz}: AWS::S3::Bucket has no field "dayz": did you mean "days"?`},
		"no single value":          {`fails: "{policy}"`, "placeholder {policy}: it is no single value"},
		"items of a list":          {`fails: "{statements}"`, "placeholder {statements}: it is no single value"},
		"a map":                    {`fails: "{labels}"`, "placeholder {labels}: it is no single value"},
		"tags":                     {`fails: "{tags}"`, "placeholder {tags}: expected one tag, as a value under let"},
		"an open brace":            {`fails: "{name"`, `"{name" has no }: expected a placeholder such as {name}`},
		"an unused value":          {"fails: a\nlet: {who: resource.owner}", `value "who" is not used: write {who} where it is to be shown`},
		"a value of no type":       {"fails: \"{who}\"\nlet: {who: resource.policy}", "expected a text, a number, a time or a list of them"},
		"no sentence for the rest": {"fails: [{when: resource.versioning, say: a}]", `expected no "when" in the last sentence`},
		"a second last":            {"fails: [{say: a}, {say: b}]", `expected "when", as in all but the last`},
		"two lines":                {"fails: \"a\\nb\"", "expected a sentence in one line"},
		"a condition of no bool":   {"fails: [{when: resource.days, say: a}, {say: b}]", "expected a yes/no value"},
	} {
		got := loadError(t, testOptions(t, worded("fix: f\n"+test.more)))
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q in it", name, got, test.want)
		}
	}
	for name, test := range map[string]struct{ fix, want string }{
		"quotes around a value":        {`{command: "do '{name}'", note: n}`, "{name} is in quotes: leave them out"},
		"double quotes around a value": {`{command: 'do "x {name}"', note: n}`, "{name} is in quotes: leave them out"},
		"quotes around a part of it":   {`{command: "do 'x={id.last}'", note: n}`, "{id.last} is in quotes: leave them out"},
		"a second last command":        {`{command: [{run: a}, {run: b}], note: n}`, `expected "when", as in all but the last`},
		"a command's sentence":         {`{command: [{say: a}], note: n}`, `unknown key "say"`},
		"no note":                      {`{command: do}`, `missing "note"`},
		"another key":                  {`{note: n, comand: do}`, `unknown key "comand"`},
	} {
		got := loadError(t, testOptions(t, worded("fix: "+test.fix)))
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q in it", name, got, test.want)
		}
	}
}

// TestSentencesReadFields: what only a sentence shows is asked for too.
func TestSentencesReadFields(t *testing.T) {
	p, err := Load(testOptions(t, worded("fails: \"{owner} {who}\"\nlet: {who: resource.grants}\nfix: f")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"days", "grants", "owner"}, p.Fields("AWS::S3::Bucket")); diff != "" {
		t.Error(diff)
	}
}

// TestPassesSayNothing: only what fails has a sentence and a command.
func TestPassesSayNothing(t *testing.T) {
	if got := said(t, "fails: bad\nfix: {command: do, note: n}", resource(bucket{Days: 2000})); got != [2]string{} {
		t.Errorf("got %q", got)
	}
}

// TestKeysOfMapsComeSorted: what a sentence says of a map is the same each time.
func TestKeysOfMapsComeSorted(t *testing.T) {
	r := resource(bucket{Days: 7, Labels: map[string]string{"b": "2", "d": "4", "a": "1", "c": "3"}})
	for range 20 {
		got := said(t, "fix: f\nfails: \"{all}\"\nlet: {all: 'resource.labels.map(k, k + resource.labels[k]).join(\",\")'}", r)[0]
		if want := "a1,b2,c3,d4"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
