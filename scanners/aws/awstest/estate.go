package awstest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/txtar"
)

// Answer is what a call is answered.
type Answer struct {
	Status  int    // 0: what fits the rest
	Error   string // the error's code; empty: no error
	Message string // the error's message
	Body    string // as fixtures write it; ignored when there is an error
}

// Estate is what an account holds: answers to calls. It may be changed while
// it is served.
type Estate struct {
	mu       sync.RWMutex
	sections map[string][]section // by service:Operation
	funcs    map[string]func(Request) Answer
}

// section is one answer and the requests that it is for.
type section struct {
	account, region string
	params          map[string]string
	answer          Answer
	own             bool // from the service's own file
}

// Load returns the estate of one archive.
func Load(archive []byte) (*Estate, error) {
	e := &Estate{sections: map[string][]section{}, funcs: map[string]func(Request) Answer{}}
	return e, e.add(archive, "")
}

// Add adds an archive's sections. They replace those for the same requests:
// what has changed in the account since the last scan.
func (e *Estate) Add(archive []byte) error {
	for _, file := range txtar.Parse(archive).Files {
		if err := e.Set(file.Name, string(file.Data)); err != nil {
			return err
		}
	}
	return nil
}

// LoadFS returns the estate of all *.txtar files of a directory together.
// Where several files answer a request, the one that is named after the
// service ("kms.txtar" for kms:ListKeys) does, else the first of those that
// answer it best.
func LoadFS(dir fs.FS) (*Estate, error) {
	files, err := fs.Glob(dir, "*.txtar")
	if err != nil {
		return nil, fmt.Errorf("list fixtures: %w", err)
	}
	e := &Estate{sections: map[string][]section{}, funcs: map[string]func(Request) Answer{}}
	for _, file := range files {
		archive, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, fmt.Errorf("read fixtures: %w", err)
		}
		if err := e.add(archive, strings.TrimSuffix(path.Base(file), ".txtar")); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return e, nil
}

// add adds an archive's sections. The archive's name decides between equals.
func (e *Estate) add(archive []byte, name string) error {
	for _, file := range txtar.Parse(archive).Files {
		op, s, err := parseSection(file.Name, string(file.Data))
		if err != nil {
			return err
		}
		service, _, _ := strings.Cut(op, ":")
		s.own = service == name
		e.put(op, s, func(old section) bool { return s.own && !old.own })
	}
	return nil
}

// Set adds a section, given as in an archive: its name, without the dashes,
// and its body. It replaces a section for the same requests.
func (e *Estate) Set(name, body string) error {
	op, s, err := parseSection(name, body)
	if err == nil {
		s.own = true
		e.put(op, s, func(section) bool { return true })
	}
	return err
}

// Func lets a function answer all calls of an operation, in place of sections.
func (e *Estate) Func(op string, answer func(Request) Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.funcs[op] = answer
}

// put adds a section, or replaces the one for the same requests if it may.
func (e *Estate) put(op string, s section, replaces func(section) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, old := range e.sections[op] {
		if old.same(s) {
			if replaces(old) {
				e.sections[op][i] = s
			}
			return
		}
	}
	e.sections[op] = append(e.sections[op], s)
}

// Operations returns the operations that have sections, sorted.
func (e *Estate) Operations() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var ops []string
	for op := range e.sections {
		ops = append(ops, op)
	}
	slices.Sort(ops)
	return ops
}

// find returns the answer of the section that fits the request best. In a
// quiet region a section must name the region.
func (e *Estate) find(request Request, quiet bool) (Answer, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if answer := e.funcs[request.Op()]; answer != nil {
		return answer(request), true
	}
	best, points := Answer{}, -1
	for _, s := range e.sections[request.Op()] {
		if quiet && s.region == "" || !s.fits(request) {
			continue
		}
		p := s.points()
		if s.own {
			p += 1000
		}
		if p > points {
			best, points = s.answer, p
		}
	}
	return best, points >= 0
}

func (s section) fits(request Request) bool {
	if s.account != "" && s.account != request.Account || s.region != "" && s.region != request.Region {
		return false
	}
	for name, value := range s.params {
		if request.Params[name] != value {
			return false
		}
	}
	token := request.token()
	return token == "" || s.params[token] != ""
}

// points says how narrowly a section describes its requests.
func (s section) points() int {
	points := 2 * len(s.params)
	if s.region != "" {
		points++
	}
	if s.account != "" {
		points++
	}
	return points
}

func (s section) same(other section) bool {
	if s.account != other.account || s.region != other.region || len(s.params) != len(other.params) {
		return false
	}
	for name, value := range s.params {
		if got, ok := other.params[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// parseSection reads a section's name.
func parseSection(name, body string) (op string, s section, err error) {
	fields := strings.Fields(name)
	if len(fields) == 0 || strings.Count(fields[0], ":") != 1 {
		return "", section{}, fmt.Errorf("section %q: expected service:Operation first", name)
	}
	s = section{params: map[string]string{}, answer: Answer{Body: body}}
	for _, field := range fields[1:] {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return "", section{}, fmt.Errorf("section %q: expected name=value, not %q", name, field)
		}
		if err := s.set(key, value); err != nil {
			return "", section{}, fmt.Errorf("section %q: %w", name, err)
		}
	}
	return fields[0], s, nil
}

func (s *section) set(key, value string) (err error) {
	switch key {
	case "account":
		s.account = value
	case "region":
		s.region = value
	case "error":
		s.answer.Error = value
	case "status":
		s.answer.Status, err = strconv.Atoi(value)
	default:
		s.params[paramName(key)] = value
	}
	return err
}
