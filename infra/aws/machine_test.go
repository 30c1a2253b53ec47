package aws_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/samtest"
	"posture/internal/snapshot"
)

// machine is a state machine, or the one inside of a map.
type machine struct {
	StartAt string
	States  map[string]state
}

type state struct {
	Type, Next, Default        string
	End                        bool
	MaxConcurrency             int
	ToleratedFailurePercentage int
	Choices                    []choice
	Catch                      []struct{ Next string }
	Retry                      []struct{ ErrorEquals []string }
	ItemProcessor              *machine
	ItemReader                 struct{ Parameters map[string]any }
	ItemSelector               map[string]any
	Parameters                 map[string]any
}

type choice struct {
	Variable, Next           string
	BooleanEquals            bool
	StringEquals             string
	NumericGreaterThanEquals int
}

// machines holds the files of the definitions by the machines' names in the
// template. The roles have the names of the machines.
var machines = map[string]string{"Run": "run.asl.json", "RunGcp": "run-one.asl.json", "RunAzure": "run-one.asl.json"}

// loadMachine reads a definition strictly enough to see each state.
func loadMachine(t *testing.T, file string) (machine, string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m machine
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m, string(text)
}

// next returns the states that may follow.
func (s state) next() []string {
	names := []string{s.Next, s.Default}
	for _, choice := range s.Choices {
		names = append(names, choice.Next)
	}
	for _, caught := range s.Catch {
		names = append(names, caught.Next)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// TestMachine holds that every state is reached, leads somewhere that exists,
// and comes to an end.
func TestMachine(t *testing.T) {
	for name, file := range machines {
		m, _ := loadMachine(t, file)
		m.check(t, name+"/")
	}
}

// TestMap holds that one target that fails stops no other, in either attempt, and
// that what the first one leaves is tried again, with nothing left for later.
func TestMap(t *testing.T) {
	m, _ := loadMachine(t, machines["Run"])
	for name, want := range map[string]struct {
		next  string
		later any
		list  string
	}{
		"Scan":      {"WhatIsLeft", true, "$.targets"},
		"ScanAgain": {"Publish", nil, "$.left.targets"},
	} {
		scan := m.States[name]
		if scan.MaxConcurrency <= 0 || scan.MaxConcurrency > 100 || scan.ToleratedFailurePercentage != 100 {
			t.Errorf("%s runs %d at once and tolerates %d%%: want a limit, and 100%%, because publish judges", name, scan.MaxConcurrency, scan.ToleratedFailurePercentage)
		}
		if diff := cmp.Diff([]string{want.next, want.next}, scan.next()); diff != "" {
			t.Errorf("after %s, however it ends (-want +got):\n%s", name, diff)
		}
		if list := scan.ItemReader.Parameters["Key.$"]; scan.ItemSelector["later"] != want.later || list != want.list {
			t.Errorf("%s reads %v, with later %v", name, list, scan.ItemSelector["later"])
		}
	}
	if diff := cmp.Diff([]choice{{Variable: "$.left.go", BooleanEquals: true, Next: "Wait"}}, m.States["AnyLeft"].Choices); diff != "" || m.States["AnyLeft"].Default != "Publish" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// TestRounds holds that a run over a cloud that one function reads is published when all is
// scanned, when scanning fails, and when it has gone on for too long; and that
// it does go on before.
func TestRounds(t *testing.T) {
	m, _ := loadMachine(t, machines["RunGcp"])
	if diff := cmp.Diff([]string{"Scanned", "Publish"}, m.States["Scan"].next()); diff != "" {
		t.Errorf("after a scan, and after one that failed (-want +got):\n%s", diff)
	}
	want := []choice{
		{Variable: "$.scan.done", BooleanEquals: true, Next: "Publish"},
		{Variable: "$.round", NumericGreaterThanEquals: 24, Next: "Publish"},
	}
	if diff := cmp.Diff(want, m.States["Scanned"].Choices); diff != "" || m.States["Scanned"].Default != "Again" {
		t.Errorf("after a round (-want +got):\n%s", diff)
	}
	again := m.States["Again"]
	if again.Next != "Scan" || again.Parameters["round.$"] != "States.MathAdd($.round, 1)" || again.Parameters["run.$"] != "$.run" {
		t.Errorf("the next round is %+v", again)
	}
}

// TestOutcome holds that a run that could read nothing is a failed
// execution, on which an alarm stands, by the word that publish answers.
func TestOutcome(t *testing.T) {
	for name, file := range machines {
		m, text := loadMachine(t, file)
		judged := m.States["Judged"]
		want := []choice{{Variable: "$.outcome", StringEquals: string(snapshot.Failed), Next: "NothingRead"}}
		if diff := cmp.Diff(want, judged.Choices); diff != "" || m.States["NothingRead"].Type != "Fail" || m.States[judged.Default].Type != "Succeed" {
			t.Errorf("%s: after publishing (-want +got):\n%s", name, diff)
		}
		if m.States["Publish"].Next != "Judged" || !strings.Contains(text, `"outcome.$": "$.Payload.outcome"`) {
			t.Errorf("%s: what publish answers is not judged", name)
		}
	}
}

func (m machine) check(t *testing.T, path string) {
	t.Helper()
	reached := map[string]bool{}
	open := []string{m.StartAt}
	for len(open) > 0 {
		name := open[0]
		open = open[1:]
		s, exists := m.States[name]
		if !exists {
			t.Errorf("%s%s does not exist", path, name)
			continue
		}
		if reached[name] {
			continue
		}
		reached[name] = true
		open = append(open, s.next()...)
		ends := s.End || s.Type == "Succeed" || s.Type == "Fail"
		if leads := s.Next != "" || s.Type == "Choice" && s.Default != ""; ends == leads {
			t.Errorf("%s%s neither ends nor leads on, or does both", path, name)
		}
		if s.Type == "Task" && len(s.Retry) == 0 {
			t.Errorf("%s%s is never tried again", path, name)
		}
		if s.ItemProcessor != nil {
			s.ItemProcessor.check(t, path+name+"/")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		if !reached[name] {
			t.Errorf("%s%s is never reached", path, name)
		}
	}
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z]+)\}`)

// TestSubstitutions holds that the definition's placeholders are filled in,
// each with a function that exists and that the machine may invoke.
func TestSubstitutions(t *testing.T) {
	template := samtest.Translated(t)
	for machine, file := range machines {
		_, text := loadMachine(t, file)
		var used []string
		for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
			used = append(used, found[1])
		}
		slices.Sort(used)
		filled := object(t, template.Resources[machine], "DefinitionSubstitutions")
		if diff := cmp.Diff(slices.Compact(used), slices.Sorted(maps.Keys(filled))); diff != "" {
			t.Errorf("%s: placeholders (-used +filled in):\n%s", machine, diff)
		}
		role := template.Statements(t, machine+"Role")
		for name, value := range filled {
			function := strings.TrimSuffix(strings.TrimPrefix(samtest.Plain(value), "${"), ".Arn}")
			if template.Resources[function].Type != "AWS::Lambda::Function" {
				t.Errorf("%s: %s is %s, which is no function", machine, name, samtest.Plain(value))
			}
			if !samtest.Allowed(role, "lambda:InvokeFunction", samtest.Plain(value)) {
				t.Errorf("%s may not invoke %s", machine, function)
			}
		}
	}
}
