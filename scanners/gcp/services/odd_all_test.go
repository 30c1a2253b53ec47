package services

import (
	"cmp"
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	source "go/parser"
	"go/token"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

var update = flag.Bool("update", false, "write the golden file again")

// answers are the types that Decode fills, by the inventory's type where a
// service has several, else by the service's.
var answers = map[string]any{
	"alloydb.googleapis.com/Cluster": alloyDBClusterData{}, "alloydb.googleapis.com/Instance": alloyDBInstanceData{},
	"apikeys.googleapis.com/Key":      apiKeyData{},
	"bigquery.googleapis.com/Dataset": bigQueryDatasetData{}, "bigquery.googleapis.com/Table": bigQueryTableData{},
	typeFunction:                                  functionData{},
	"cloudkms.googleapis.com/CryptoKey":           kmsKeyData{},
	engine.TypeProject:                            engine.Labelled{},
	typeBackendService:                            backendData{},
	"compute.googleapis.com/Disk":                 diskData{},
	typeFirewall:                                  firewallData{},
	typeFirewallPolicy:                            firewallPolicyData{},
	"compute.googleapis.com/InstanceGroupManager": groupData{},
	"compute.googleapis.com/Image":                engine.Labelled{},
	typeVM:                                        vmData{},
	typeNetwork:                                   networkData{},
	typeComputeProject:                            computeProjectData{},
	"compute.googleapis.com/Subnetwork":           subnetworkData{},
	"compute.googleapis.com/TargetHttpsProxy":     tlsProxyData{},
	"compute.googleapis.com/UrlMap":               urlMapData{},
	"container.googleapis.com/Cluster":            gkeData{},
	"dataproc.googleapis.com/Cluster":             dataprocData{},
	"dns.googleapis.com/ManagedZone":              dnsZoneData{},
	"firestore.googleapis.com/Database":           firestoreData{},
	"iam.googleapis.com/ServiceAccount":           accountData{}, typeAccountKey: keyData{},
	"iam.googleapis.com/WorkloadIdentityPoolProvider": providerData{},
	"logging.googleapis.com/LogBucket":                logBucketData{},
	"pubsub.googleapis.com/Topic":                     topicData{}, typeSubscription: subscriptionData{},
	"redis.googleapis.com/Instance":       redisData{},
	typeRunService:                        runData{},
	"secretmanager.googleapis.com/Secret": secretData{},
	"spanner.googleapis.com/Database":     spannerDatabaseData{},
	"sqladmin.googleapis.com/Instance":    sqlData{}, "sqladmin.googleapis.com/BackupRun": sqlBackupData{},
	"storage.googleapis.com/Bucket": bucketData{},
}

// member is a member of an answer: where it is, and what it is there.
type member struct {
	at   []any // keys, and indexes of lists
	typ  reflect.Type
	odds []any // values of other JSON types
}

// name is what people are told of it.
func (m member) name() string {
	var parts []string
	for _, step := range m.at {
		if key, isKey := step.(string); isKey && key != anyKey {
			parts = append(parts, key)
		}
	}
	return strings.Join(parts, ".")
}

const anyKey = "a"

// membersOf returns all members of an answer's type, however deep.
func membersOf(t reflect.Type, at []any) []member {
	if t.Kind() == reflect.Pointer {
		return membersOf(t.Elem(), at)
	}
	var found []member
	if len(at) > 0 {
		found = append(found, member{slices.Clone(at), t, oddsOf(t)})
	}
	to := reflect.PointerTo(t)
	if to.Implements(reflect.TypeFor[json.Unmarshaler]()) || to.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return found
	}
	switch t.Kind() {
	case reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous && name == "":
				found = append(found, membersOf(field.Type, at)...)
				continue
			case name == "":
				name = strings.ToLower(field.Name[:1]) + field.Name[1:]
			}
			found = append(found, membersOf(field.Type, append(slices.Clone(at), name))...)
		}
	case reflect.Slice:
		found = append(found, membersOf(t.Elem(), append(slices.Clone(at), 0))...)
	case reflect.Map:
		found = append(found, membersOf(t.Elem(), append(slices.Clone(at), anyKey))...)
	}
	if len(at) == 0 { // members of embedded types come with the prefix of none
		found = slices.DeleteFunc(found, func(m member) bool { return len(m.at) == 0 })
	}
	return found
}

// oddsOf returns values of the JSON types that a Go value of the type cannot
// take.
func oddsOf(t reflect.Type) []any {
	var odds []any
	for _, value := range []any{"text", 7, 7.5, 1e300, true, []any{"text"}, map[string]any{"a": "text"}, map[string]any{"a": []any{}}} {
		text, err := json.Marshal(value)
		if err == nil && json.Unmarshal(text, reflect.New(t).Interface()) != nil {
			odds = append(odds, value)
		}
	}
	return odds
}

// put returns data with a value at a place, which is made where there is none.
func put(data any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch key := at[0].(type) {
	case string:
		members, _ := data.(map[string]any)
		changed := map[string]any{}
		maps.Copy(changed, members)
		changed[key] = put(members[key], at[1:], value)
		return changed
	default:
		items, _ := data.([]any)
		changed := slices.Clone(items)
		if len(changed) == 0 {
			changed = []any{nil}
		}
		changed[0] = put(changed[0], at[1:], value)
		return changed
	}
}

// oddBench reads one service's test data again and again with other members.
type oddBench struct {
	service  *engine.Service
	typ      string   // the inventory's
	siblings string   // what it looks at of other types, as an export
	bases    []string // lines of the type
	alone    bool     // its assets bear on one another
}

// newOddBench prepares that for one of answers.
func newOddBench(t *testing.T, typ string) *oddBench {
	t.Helper()
	b := &oddBench{typ: typ}
	for n := range all {
		if s := &all[n]; s.Name == typ || typ == typeFirewallPolicy && s.Name == typeFirewall {
			b.service = s
		}
	}
	own, with := typesOf(b.service), []string{}
	for _, j := range b.service.Joins {
		with = append(append(with, j.Type), j.Also...)
	}
	if b.service.Name == typeFirewall {
		own = []string{typ}
	}
	for _, name := range append(bench.Names(t), "hierarchy") {
		for line := range strings.Lines(bench.Text(t, name)) {
			of := func(typ string) bool { return strings.Contains(line, `"asset_type":"`+typ+`"`) }
			if slices.ContainsFunc(with, of) {
				b.siblings += line
			}
			if slices.ContainsFunc(own, of) {
				b.bases = append(b.bases, line)
			}
		}
	}
	joinsItself := func(j engine.Join) bool {
		return slices.Contains(own, j.Type) || j.Type == typeNetwork && typ == typeFirewall
	}
	most := 4
	if b.alone = slices.ContainsFunc(b.service.Joins, joinsItself); b.alone {
		most = 3
	}
	if typ == engine.TypeProject { // the hierarchy has each of them already
		most = 1
	}
	b.bases = b.bases[:min(len(b.bases), most)]
	if len(b.bases) == 0 {
		t.Fatalf("%s: no test data", typ)
	}
	return b
}

// line returns a base with a changed name and a member.
func (b *oddBench) line(t *testing.T, base string, n int, at []any, value any) string {
	t.Helper()
	var asset map[string]any
	if err := json.Unmarshal([]byte(base), &asset); err != nil {
		t.Fatal(err)
	}
	if !b.alone {
		asset["name"] = fmt.Sprint(asset["name"], "-odd", n)
	}
	changed := put(asset, append([]any{"resource", "data"}, at...), value)
	return string(enginetest.Must[[]byte](t)(json.Marshal(changed))) + "\n"
}

// read reads lines, which follow each other by number, and returns the
// resources.
func (b *oddBench) read(t *testing.T, lines []string) []posture.Resource {
	t.Helper()
	found := make([]posture.Resource, len(lines))
	for at := 0; at < len(lines); {
		batch := lines[at:]
		if b.alone {
			batch = lines[at : at+1]
		}
		inventory := bench.Export(t, append([]string{bench.Text(t, "hierarchy"), b.rest(batch[0])}, batch...)...)
		for _, r := range enginetest.Scan(t, inventory, bench.Everything(b.service.Name)).ByID {
			if n := b.number(r, batch[0]); n >= 0 {
				found[at+n] = r
			}
		}
		at += len(batch)
	}
	return found
}

// rest returns the test data without the line that another one replaces.
func (b *oddBench) rest(line string) string {
	if !b.alone {
		return b.siblings
	}
	var kept strings.Builder
	for other := range strings.Lines(b.siblings) {
		if nameIn(other) != nameIn(line) {
			kept.WriteString(other)
		}
	}
	return kept.String()
}

func nameIn(line string) string {
	var asset struct{ Name string }
	_ = json.Unmarshal([]byte(line), &asset) // test data; without a name it is like no other
	return asset.Name
}

// number returns which of the lines a resource is of, -1 for none.
func (b *oddBench) number(r posture.Resource, first string) int {
	id := strings.TrimSuffix(r.ID, "/backupRuns")
	if b.alone {
		if id == nameIn(first) {
			return 0
		}
		return -1
	}
	_, n, odd := strings.Cut(id, "-odd")
	number, err := strconv.Atoi(n)
	if !odd || err != nil {
		return -1
	}
	return number
}

// fieldsOf returns what is known of a resource field by field, in a form that
// can be compared: its value, and whether it is unread. What is in a name of
// the variant is left out.
func fieldsOf(t *testing.T, r posture.Resource) map[string]string {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(enginetest.Must[[]byte](t)(json.Marshal(r.Doc)), &doc); err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{posture.FieldTags: fmt.Sprint(r.Tags), posture.FieldName: strings.Split(r.Name, "-odd")[0]}
	for name, value := range doc {
		fields[name] = strings.Split(string(value), "-odd")[0]
	}
	for _, u := range r.Unread {
		fields[u.Field] = "unread"
	}
	return fields
}

// TestEveryOddMember puts values of other JSON types into every member of every
// answer: the fields that are made of it are unread and say which member it
// is, all others are read as if the member were not there. The golden file
// says which fields those are.
func TestEveryOddMember(t *testing.T) {
	t.Parallel()
	for _, s := range all {
		if _, has := answers[s.Name]; !has && !s.Once {
			t.Errorf("%s: its answer is not among those that are tested", s.Name)
		}
	}
	types := slices.Sorted(maps.Keys(answers))
	said := make([]string, len(types))
	t.Run("of", func(t *testing.T) { // it ends with the last of them
		for n, typ := range types {
			t.Run(engine.LastOf(typ), func(t *testing.T) {
				t.Parallel()
				said[n] = newOddBench(t, typ).describe(t)
			})
		}
	})
	golden := strings.Join(said, "")
	const file = "testdata/odd.golden"
	if *update {
		if err := os.WriteFile(file, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := string(enginetest.Must[[]byte](t)(os.ReadFile(file)))
	if diff := gocmp.Diff(want, golden); diff != "" {
		t.Error(diff)
	}
}

// describe says which fields each member of the answer costs.
func (b *oddBench) describe(t *testing.T) string {
	t.Helper()
	var said strings.Builder
	fmt.Fprintf(&said, "%s\n", b.typ)
	last := ""
	for m, fields := range b.costs(t) {
		if len(fields) == len(scanners.FieldsOf(b.service.Doc))+1 && len(fields) > 1 && !slices.Contains(fields, posture.FieldName) {
			fields = []string{"all"}
		}
		line := fmt.Sprintf("  %s: %s\n", m.name(), cmp.Or(strings.Join(fields, " "), "none"))
		if line != last { // as of a list, which costs what its items do
			said.WriteString(line)
		}
		last = line
	}
	return said.String()
}

// costs returns the fields that are unread where a member is odd, which are the
// same for every odd value and every base.
func (b *oddBench) costs(t *testing.T) iter.Seq2[member, []string] {
	t.Helper()
	members := membersOf(reflect.TypeOf(answers[b.typ]), nil)
	var lines []string
	for _, m := range members {
		for _, base := range b.bases {
			lines = append(lines, b.line(t, base, len(lines), m.at, nil))
			for _, odd := range m.odds {
				lines = append(lines, b.line(t, base, len(lines), m.at, odd))
			}
		}
	}
	found := b.read(t, lines)
	return func(yield func(member, []string) bool) {
		for _, m := range members {
			n := len(b.bases) * (len(m.odds) + 1)
			if !yield(m, b.cost(t, m, found[:n])) {
				return
			}
			found = found[n:]
		}
	}
}

// cost does so for one member, of which for each base the first resource is
// the one without it.
func (b *oddBench) cost(t *testing.T, m member, found []posture.Resource) []string {
	t.Helper()
	var costs map[string]bool
	for at := 0; at < len(found); at += len(m.odds) + 1 {
		without := fieldsOf(t, found[at])
		for n, r := range found[at+1 : at+1+len(m.odds)] {
			marked := m.marked(r)
			if costs != nil && !maps.Equal(costs, marked) {
				t.Errorf("%s: %s costs %v, and as %v of %s it costs %v", b.typ, m.name(), costs, m.odds[n], r.Name, marked)
			}
			costs = marked
			for field, value := range fieldsOf(t, r) {
				if !marked[field] && value != without[field] {
					t.Errorf("%s: %s is %v: %s is %s, and %s without it", b.typ, m.name(), m.odds[n], field, value, without[field])
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(costs))
}

// marked returns the fields that are unread for the sake of the member.
func (m member) marked(r posture.Resource) map[string]bool {
	marked := map[string]bool{}
	for _, u := range r.Unread {
		if u.Cause.Reason == posture.NotUnderstood && strings.HasPrefix(u.Cause.Code, m.name()+" is no") {
			marked[u.Field] = true
		}
	}
	return marked
}

// TestOddMembersCostEnough puts values of the right type into every member of
// every answer, all that the code compares with and all that test data has
// among them: a field that changes is one of those that an odd value costs.
func TestOddMembersCostEnough(t *testing.T) {
	t.Parallel()
	for _, typ := range slices.Sorted(maps.Keys(answers)) {
		t.Run(engine.LastOf(typ), func(t *testing.T) {
			t.Parallel()
			b := newOddBench(t, typ)
			answer := reflect.TypeOf(answers[typ])
			b.enough(t, membersOf(answer, nil), b.texts(t, answer))
		})
	}
}

// enough does so for all members.
func (b *oddBench) enough(t *testing.T, members []member, texts []any) {
	t.Helper()
	var lines []string
	for _, m := range members {
		for _, base := range b.bases {
			for _, value := range append([]any{m.odds[0], nil}, valuesOf(m.typ, texts)...) {
				lines = append(lines, b.line(t, base, len(lines), m.at, value))
			}
		}
	}
	found := b.read(t, lines)
	for _, m := range members {
		values := valuesOf(m.typ, texts)
		for range b.bases {
			b.enoughOf(t, m, values, found[:len(values)+2])
			found = found[len(values)+2:]
		}
	}
}

// enoughOf does so for one member: the first resource is with an odd value, the
// second without the member.
func (b *oddBench) enoughOf(t *testing.T, m member, values []any, found []posture.Resource) {
	t.Helper()
	costs, without := m.marked(found[0]), fieldsOf(t, found[1])
	for n, r := range found[2:] {
		for field, value := range fieldsOf(t, r) {
			if value != without[field] && !costs[field] {
				t.Errorf("%s: %s=%v gives %s: %s, not %s", b.typ, m.name(), values[n], field, value, without[field])
			}
		}
	}
}

// valuesOf returns values of the right type for a member that is no object or
// list, and one for those that are.
func valuesOf(typ reflect.Type, texts []any) []any {
	candidates := append([]any{false, true, 0, 1, 2, 30, 365, 0.3, 1000000, "2020-01-01T00:00:00Z", "7776000s", []any{}, map[string]any{}, []any{map[string]any{}}, []any{"text"}}, texts...)
	return slices.DeleteFunc(candidates, func(value any) bool {
		text, err := json.Marshal(value)
		return err != nil || json.Unmarshal(text, reflect.New(typ).Interface()) != nil
	})
}

// texts returns the texts with which code may compare members: the literals of
// the file where an answer's type is, and of those that several use, and what
// the test data of the type has.
func (b *oddBench) texts(t *testing.T, answer reflect.Type) []any {
	t.Helper()
	found := map[string]bool{}
	for _, file := range enginetest.Must[[]string](t)(filepath.Glob("*.go")) {
		parsed := enginetest.Must[*ast.File](t)(source.ParseFile(token.NewFileSet(), file, nil, 0))
		shared := slices.Contains([]string{"service_made.go", "compute.go", "environment.go"}, file)
		if strings.HasSuffix(file, "_test.go") || !shared && parsed.Scope.Lookup(answer.Name()) == nil {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && len(text) < 60 && !strings.ContainsAny(text, ":%`") {
					found[text] = true
				}
			}
			return true
		})
	}
	for _, base := range b.bases {
		var asset struct{ Resource struct{ Data any } }
		if err := json.Unmarshal([]byte(base), &asset); err != nil {
			t.Fatal(err)
		}
		addTexts(asset.Resource.Data, found)
	}
	var texts []any
	for _, text := range slices.Sorted(maps.Keys(found)) {
		texts = append(texts, text)
	}
	return texts
}

func addTexts(data any, to map[string]bool) {
	switch data := data.(type) {
	case string:
		to[data] = true
	case []any:
		for _, item := range data {
			addTexts(item, to)
		}
	case map[string]any:
		for _, item := range data {
			addTexts(item, to)
		}
	}
}
