// Command credentials writes the forms that issuers give their credentials, as
// data for scanners.HoldsCredential. They are rules of gitleaks (MIT), at the
// version in go.mod:
//
//	make generate
//
// A rule is taken when the credential itself shows whose it is. Left out are
// those that need a name before it, which scanners.CredentialVariable looks at,
// or a file's path; and those in leftOut.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// leftOut are rules of gitleaks that are not taken, and why.
var leftOut = map[string]string{
	"curl-auth-header":                 "a command, not a credential",
	"curl-auth-user":                   "a command, not a credential",
	"flutterwave-public-key":           "made to be shown",
	"gitlab-feature-flag-client-token": "made to be shown",
	"jwt-base64":                       "takes any base64 of a JSON object with a common name for one",
	"private-key":                      "wants the whole key; scanners knows its first line, also in base64",
	"microsoft-teams-webhook":          "an address that ended in 2025",
	"sidekiq-sensitive-url":            "a URL with a password, which scanners knows of every host",
	"sumologic-access-id":              "the name of a key, not the key",
}

// settings are gitleaks' own, as far as they are used here.
type settings struct {
	Allowlist struct {
		Regexes   []string
		Stopwords []string
	}
	Rules []rule
}

type rule struct {
	ID          string
	Regex       string
	Path        string
	Keywords    []string
	Entropy     float64
	SecretGroup int
	Allowlists  []struct {
		Regexes     []string
		RegexTarget string
	}
}

// The data that is written: see scanners/credential_forms.go.
type (
	forms struct {
		Placeholders []string `json:"placeholders"`
		Stopwords    []string `json:"stopwords"`
		Forms        []form   `json:"forms"`
	}
	form struct {
		ID       string   `json:"id"`
		Regex    string   `json:"regex"`
		Keywords []string `json:"keywords"`
		Entropy  float64  `json:"entropy,omitempty"`
		Except   []string `json:"except,omitempty"`
	}
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	theirs, err := load()
	if err != nil {
		return err
	}
	ours := forms{Placeholders: theirs.Allowlist.Regexes, Stopwords: theirs.Allowlist.Stopwords}
	for _, r := range theirs.Rules {
		if !taken(r) {
			continue
		}
		f, err := formOf(r)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
		ours.Forms = append(ours.Forms, f)
	}
	if err := stale(theirs.Rules); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	return out.Encode(ours)
}

// load reads the rules of the version of gitleaks that go.mod names.
func load() (*settings, error) {
	answer, err := exec.Command("go", "mod", "download", "-json", "github.com/zricethezav/gitleaks/v8").Output()
	if err != nil {
		return nil, fmt.Errorf("download gitleaks: %w", err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(answer, &module); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "config", "gitleaks.toml"))
	if err != nil {
		return nil, err
	}
	var theirs settings
	return &theirs, toml.Unmarshal(text, &theirs)
}

// named begins the rules that want a name before the credential.
const named = `[\w.-]{0,50}?`

func taken(r rule) bool {
	_, out := leftOut[r.ID]
	return !out && r.Regex != "" && r.Path == "" && !strings.HasPrefix(strings.TrimPrefix(r.Regex, "(?i)"), named)
}

// ends is how rules say what follows a credential in source code. In a
// connection string or a URL it may be another sign.
var ends = strings.NewReplacer(
	"(?:[\\x60'\"\\s;]|\\\\[nr]|$)", endsAny,
	"(?:$|[\\\\'\"\\x60\\s<),])", endsAny,
)

const endsAny = `(?:[^0-9A-Za-z_-]|$)`

// keywords replace those that are words about a credential, not parts of it.
var keywords = map[string][]string{
	"airtable-personnal-access-token": {"pat"},
	"facebook-access-token":           {"|", "%"},
}

func formOf(r rule) (form, error) {
	if r.SecretGroup != 0 {
		return form{}, errors.New("it has a secretGroup, which scanners does not know")
	}
	f := form{ID: r.ID, Regex: ends.Replace(r.Regex), Keywords: r.Keywords, Entropy: r.Entropy}
	if replaced, ok := keywords[r.ID]; ok {
		f.Keywords = replaced
	}
	if len(f.Keywords) == 0 {
		return form{}, errors.New("it has no keywords, which scanners look for first")
	}
	for _, a := range r.Allowlists {
		if a.RegexTarget == "" {
			f.Except = append(f.Except, a.Regexes...)
		}
	}
	for _, expr := range append([]string{f.Regex}, f.Except...) {
		if _, err := regexp.Compile(expr); err != nil {
			return form{}, err
		}
	}
	return f, nil
}

// stale refuses a name in leftOut that gitleaks no longer has.
func stale(rules []rule) error {
	for id := range leftOut {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.ID == id }) {
			return fmt.Errorf("leftOut has %s, which is no rule of gitleaks", id)
		}
	}
	return nil
}
