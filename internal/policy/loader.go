package policy

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// maxFile is the most bytes of a rule file.
const maxFile = 1 << 20

// loader is the loading of a policy.
type loader struct {
	opts     Options
	provider *provider
	env      *cel.Env
	envs     map[string]*cel.Env // by resource type
	rules    map[string]*rule    // by id
	files    map[string]origin   // by id: the file that has it
	errs     []error
}

// origin is a rule file that was read.
type origin struct {
	name     string
	content  []byte
	replaces bool // it is in a file system that says so
}

// loadFiles loads the rules of all file systems, first of those that replace
// others.
func (l *loader) loadFiles() {
	for _, replaces := range []bool{true, false} {
		for _, fsys := range l.opts.Files {
			dir, ok := fsys.(Named)
			if !ok {
				dir = Named{FS: fsys}
			}
			if dir.Replaces == replaces {
				l.loadDir(dir)
			}
		}
	}
}

// loadDir loads the rules of one file system.
func (l *loader) loadDir(dir Named) {
	err := fs.WalkDir(dir, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			l.loadFile(dir, file)
		}
		return nil
	})
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("list rule files: %s: %w", path.Join(dir.Name, "."), err))
	}
}

// loadFile loads one rule, or passes over a file of another kind.
func (l *loader) loadFile(dir Named, file string) {
	src := &yamlfile.Source{Name: file}
	if dir.Name != "" {
		src.Name = strings.TrimSuffix(dir.Name, "/") + "/" + file // the name may be an address
	}
	switch path.Ext(file) {
	case ".yaml":
	case ".yml":
		l.errs = append(l.errs, src.Refuse(0, 0, "expected a name that ends in .yaml"))
		return
	default:
		return
	}
	content, err := readFile(dir, file)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("read rule %s: %w", src.Name, err))
		return
	}
	src = yamlfile.NewSource(src.Name, content)
	f, errs := readRule(src, content)
	if len(errs) > 0 {
		l.errs = append(l.errs, errs...)
		return
	}
	if l.claim(f, origin{name: src.Name, content: content, replaces: dir.Replaces}) {
		l.add(f)
	}
}

// claim reports whether the rule is to be added: no file before it has its id.
// A file with the same content as the first, or that the first one replaces,
// is passed over.
func (l *loader) claim(f *ruleFile, from origin) bool {
	id := f.id.value
	first, taken := l.files[id]
	switch {
	case !taken:
		l.files[id] = from
		return true
	case bytes.Equal(first.content, from.content), first.replaces && !from.replaces:
	default:
		l.errs = append(l.errs, f.at(f.id.node, "rule %q is also in %s, with other content: choose another id", id, first.name))
	}
	return false
}

// add compiles a rule file and keeps the rule.
func (l *loader) add(f *ruleFile) {
	id := f.id.value
	if l.opts.Elsewhere != nil && l.opts.Elsewhere(f.resource.value) {
		return
	}
	r, errs := l.compile(f)
	if len(errs) == 0 && l.opts.Examples {
		errs = r.proveExamples(l.provider)
	}
	if len(errs) > 0 {
		l.errs = append(l.errs, errs...)
		return
	}
	l.rules[id] = r
}

// readFile reads a file that is not too long.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("the file is longer than %d bytes", maxFile)
	}
	return content, nil
}

// override applies what the options say of single rules.
func (l *loader) override() {
	for _, id := range l.opts.Disabled {
		if r := l.named("disabled rules", id); r != nil {
			r.disabled = true
		}
	}
	for _, id := range sortedKeys(l.opts.Params) {
		if r := l.named("parameters of rules", id); r != nil {
			l.errs = append(l.errs, r.override(l.provider, l.opts.Params[id])...)
		}
	}
	for _, id := range sortedKeys(l.opts.Severities) {
		severity := l.opts.Severities[id]
		r := l.named("severities of rules", id)
		switch {
		case r == nil:
		case !slices.Contains(posture.Severities, severity):
			l.errs = append(l.errs, fmt.Errorf("severity of rule %s: unknown severity %q: expected one of %s",
				id, severity, strings.Join(words(posture.Severities), ", ")))
		default:
			r.severity = severity
		}
	}
}

// named returns the rule of that id. It complains of an id that no file has,
// and returns nil without a word where the rule itself was refused or is judged
// elsewhere.
func (l *loader) named(what, id string) *rule {
	if _, ok := l.files[id]; !ok {
		l.errs = append(l.errs, fmt.Errorf("%s: unknown rule %q%s", what, id, yamlfile.Expected(id, sortedKeys(l.files))))
	}
	return l.rules[id]
}
