// Command examples writes the resources that the examples of Azure's own SDK show
// as answers, as rows of Resource Graph, under names of our own. They stand in
// comments of the SDK's example tests, which are made from the REST API's
// published examples. Usage: examples TYPES OUT.json, from this module; TYPES is a
// file with one resource type a line.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: examples TYPES OUT.json")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(types, out string) error {
	text, err := os.ReadFile(types)
	if err != nil {
		return err
	}
	listed := strings.Fields(strings.ToLower(string(text)))
	modules, err := modules()
	if err != nil {
		return err
	}
	var found []literal
	for _, m := range modules {
		more, err := literals(m)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	found = few(found, listed)
	printed, err := evaluate(found)
	if err != nil {
		return err
	}
	rows, err := rowsOf(printed, listed)
	if err != nil {
		return err
	}
	log.Printf("%d examples, %d rows", len(found), len(rows))
	var lines []string
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		lines = append(lines, string(line))
	}
	return os.WriteFile(out, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644)
}

// module is one of the SDK's modules for a resource provider.
type module struct{ path, dir, name string }

func modules() ([]module, error) {
	text, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []module
	for line := range strings.Lines(string(text)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.Contains(path, "/sdk/resourcemanager/") || dir == "" {
			continue
		}
		name := filepath.Base(path)
		if regexp.MustCompile(`^v\d+$`).MatchString(name) {
			name = filepath.Base(filepath.Dir(path))
		}
		all = append(all, module{path, dir, name})
	}
	return all, nil
}

// literal is an answer as the SDK's examples show it, in Go.
type literal struct {
	of   module
	text string
}

// most is how many answers are taken of a type.
const most = 6

var ids = regexp.MustCompile(`\bID: to\.Ptr\("([^"]+)"\)`)

// few returns the first answers of each type that is listed.
func few(all []literal, listed []string) []literal {
	count := map[string]int{}
	var kept []literal
	for _, l := range all {
		for _, id := range ids.FindAllStringSubmatch(l.text, -1) {
			typ := typeOf(id[1])
			if slices.Contains(listed, typ) && count[typ] < most {
				count[typ]++
				kept = append(kept, l)
				break
			}
		}
	}
	return kept
}

var begins = regexp.MustCompile(`^\s*// (?:res|page)(?:\.\w+)? = (arm\w+\.\w+\{.*)$`)

// literals returns those of a module's examples.
func literals(m module) ([]literal, error) {
	files, err := filepath.Glob(filepath.Join(m.dir, "*_example_test.go"))
	if err != nil {
		return nil, err
	}
	var found []literal
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var block []string
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			switch start := begins.FindStringSubmatch(line); {
			case start != nil:
				block = []string{start[1]}
			case block == nil:
			case !strings.HasPrefix(line, "//"):
				block = nil
			default:
				block = append(block, strings.TrimPrefix(line, "//"))
				if line == "// }" {
					found = append(found, literal{m, strings.Join(block, "\n")})
					block = nil
				}
			}
		}
	}
	return found, nil
}

const program = `package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	%[1]s %[2]q
)

var _ = to.Ptr[int]
var _ time.Time

func init() {
	examples = append(examples, func() {
		value := %[3]s
		text, err := json.Marshal(&value)
		if err == nil {
			fmt.Println(string(text))
		}
	})
}
`

const mainProgram = `package main

var examples []func()

func main() {
	for _, print := range examples {
		func() {
			defer func() { _ = recover() }() // one that makes no sense is left out
			print()
		}()
	}
}
`

// evaluate compiles the literals and returns each as JSON. Those that do not
// compile are left out.
func evaluate(all []literal) ([][]byte, error) {
	folder, err := os.MkdirTemp(".", "generated")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(mainProgram), 0o600); err != nil {
		return nil, err
	}
	for i, l := range all {
		text := fmt.Sprintf(program, l.of.name, l.of.path, l.text)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("e%05d.go", i)), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	name := regexp.MustCompile(`(e\d{5}\.go):`)
	for range 20 {
		said, err := exec.Command("go", "build", "-gcflags=-e", "-o", filepath.Join(folder, "program"), "./"+folder).CombinedOutput()
		if err == nil {
			break
		}
		broken := name.FindAllStringSubmatch(string(said), -1)
		if len(broken) == 0 {
			return nil, fmt.Errorf("go build: %w\n%s", err, said)
		}
		for _, file := range broken {
			_ = os.Remove(filepath.Join(folder, file[1])) // it may be named twice
		}
	}
	text, err := exec.Command(filepath.Join(folder, "program")).Output()
	if err != nil {
		return nil, err
	}
	var printed [][]byte
	for line := range strings.Lines(string(text)) {
		printed = append(printed, []byte(line))
	}
	return printed, nil
}

// rowsOf returns the resources of the types in the answers, each form once.
func rowsOf(printed [][]byte, types []string) ([]map[string]any, error) {
	var rows []map[string]any
	seen, count := map[string]bool{}, map[string]int{}
	for _, text := range printed {
		var answer any
		if err := json.Unmarshal(text, &answer); err != nil {
			return nil, err
		}
		for _, row := range resources(answer) {
			id, _ := row["id"].(string)
			typ := typeOf(id)
			if !slices.Contains(types, typ) {
				continue
			}
			delete(row, "id")
			delete(row, "name")
			form, err := json.Marshal(row)
			if err != nil {
				return nil, err
			}
			if seen[typ+string(form)] || count[typ] == most {
				continue
			}
			seen[typ+string(form)] = true
			count[typ]++
			rows = append(rows, renamed(anonymous(row).(map[string]any), typ, len(rows)))
		}
	}
	return rows, nil
}

// resources returns all objects of an answer that have an id and properties.
func resources(value any) []map[string]any {
	var found []map[string]any
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = append(found, resources(item)...)
		}
	case map[string]any:
		_, id := value["id"].(string)
		_, properties := value["properties"].(map[string]any)
		if id && properties {
			return append(found, value)
		}
		for _, item := range value {
			found = append(found, resources(item)...)
		}
	}
	return found
}

// typeOf returns the type that an id says, in lower case.
func typeOf(id string) string {
	_, after, found := strings.Cut(strings.ToLower(id), "/providers/")
	if !found {
		return ""
	}
	parts := strings.Split(after, "/")
	typ := parts[0]
	for i := 1; i < len(parts); i += 2 {
		typ += "/" + parts[i]
	}
	return typ
}

const subscription = "11111111-2222-3333-4444-555555555555"

var (
	addresses = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+`)
	others    = regexp.MustCompile(`(?i)/subscriptions/[^/]+`)
	company   = regexp.MustCompile(`(?i)contoso|microsoft\.com\b`)
	secret    = regexp.MustCompile(`(?i)password|secret$|accountkey|sharedkey|connectionstring`)
)

// anonymous returns a value without the names and addresses of others, and
// without what stands for a secret.
func anonymous(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if _, text := member.(string); text && secret.MatchString(name) {
				delete(value, name)
				continue
			}
			value[name] = anonymous(member)
		}
	case []any:
		for i, item := range value {
			value[i] = anonymous(item)
		}
	case string:
		value = addresses.ReplaceAllString(value, "person@example.com")
		value = others.ReplaceAllString(value, "/subscriptions/"+subscription)
		return company.ReplaceAllString(value, "example")
	}
	return value
}

// renamed gives a row an id and a name of our own.
func renamed(row map[string]any, typ string, n int) map[string]any {
	provider, rest, _ := strings.Cut(typ, "/")
	id := "/subscriptions/" + subscription + "/resourceGroups/examples/providers/" + provider
	name := ""
	for i, part := range strings.Split(rest, "/") {
		name = fmt.Sprintf("example%d", n)
		if i > 0 {
			name = fmt.Sprintf("part%d", n)
		}
		id += "/" + part + "/" + name
	}
	row["id"], row["name"], row["type"], row["subscriptionId"], row["resourceGroup"] = id, name, typ, subscription, "examples"
	return row
}
