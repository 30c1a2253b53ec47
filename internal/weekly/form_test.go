package weekly_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"posture/internal/nasty"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/weekly"
)

// written returns a page in a form.
func written(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// element is what the tests look at of an element of a page.
type element struct {
	name       string
	attributes map[string]string
}

// elements parses a page as strictly as XML is parsed, and returns its
// elements and its text.
func elements(t *testing.T, page []byte) (all []element, text string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all, text
		}
		if err != nil {
			t.Fatalf("it is not well formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{token.Name.Local, map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			text += string(token)
		}
	}
}

// allowed are all elements that a page consists of. None of them runs or loads
// anything.
var allowed = strings.Fields(`html head meta title style body header main nav h1 h2 h3 p div span a b i br code pre dl dt dd figure figcaption table caption thead tbody tr th td ul li details summary`)

// attributes are all attributes of a page.
var attributes = strings.Fields(`lang charset http-equiv content name id class role tabindex scope style href rel open aria-label aria-hidden`)

// loads matches what makes a browser fetch something in a style.
var loads = regexp.MustCompile(`(?i)url\(|@import|src:|expression`)

// checkPage holds that a page is inert, whole and on its own.
func checkPage(t *testing.T, page []byte) (text string) {
	t.Helper()
	all, text := elements(t, page)
	for _, e := range all {
		if !slices.Contains(allowed, e.name) {
			t.Errorf("it has a <%s>", e.name)
		}
		for name := range e.attributes {
			if !slices.Contains(attributes, name) {
				t.Errorf("a <%s> has %s", e.name, name)
			}
		}
	}
	checkLinks(t, all)
	if found := loads.FindString(string(page)); found != "" {
		t.Errorf("its style has %s", found)
	}
	if policy := all[3].attributes["content"]; policy != "default-src 'none'; style-src 'unsafe-inline'" {
		t.Errorf("its policy is %q", policy)
	}
	return text
}

// checkLinks holds that each link leads to a place on the page that is there
// once, or to a page on the web, and that no style says more than a length.
func checkLinks(t *testing.T, all []element) {
	t.Helper()
	places := map[string]int{}
	for _, e := range all {
		if id, ok := e.attributes["id"]; ok {
			places[id]++
		}
	}
	for id, n := range places {
		if n > 1 {
			t.Errorf("%d places are called %s", n, id)
		}
	}
	length := regexp.MustCompile(`^(width|height):[0-9.]+%$`)
	for _, e := range all {
		to, isPlace := strings.CutPrefix(e.attributes["href"], "#")
		if e.name == "a" && places[to] != 1 && (isPlace || !strings.HasPrefix(to, "https://")) {
			t.Errorf("a link leads to %q", e.attributes["href"])
		}
		if style, ok := e.attributes["style"]; ok && !length.MatchString(style) {
			t.Errorf("a style is %q", style)
		}
	}
}

func TestHTMLStandsAlone(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	text := checkPage(t, written(t, s.page(o).WriteHTML))
	for _, want := range []string{"2 exemptions expire within 14 days", "1 exemption expired while findings still fail", "unowned", "evidence needed", "2026-W47"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if never := regexp.MustCompile(`(?i)\bpassed\b( [^b0-9]|$)|certified|compliant|\b0 days`).FindString(text); never != "" {
		t.Errorf("it says %q", never)
	}
}

// TestNasty sends every nasty name through every form, as the name of
// everything that strangers name.
func TestNasty(t *testing.T) {
	t.Parallel()
	for _, name := range nasty.Names() {
		s, o := newStory(t), options()
		x := exemption("x", "aws-iam-mfa", "*", "2026-11-17", "2026-11-30")
		config := strings.ToValidUTF8(name.Text, "\ufffd") // as YAML has it
		x.Reason, x.Ticket, x.ApprovedBy, x.Tags = "r"+config, config, config, map[string]string{"k": config}
		o.Config.Exemptions.Items = append(o.Config.Exemptions.Items, x)
		s.targets[0].Name = config
		s.rules[0].Title = name.Text
		s.has(one, map[string][]string{"aws-s3-public": {"-a", "-b", "?c"}, "aws-iam-mfa": {"-d", "-e"}})
		s.each(one, func(f *posture.Finding) {
			f.Name, f.Owner = f.Name+name.Text, name.Text
			if f.Name[0] == 'b' || f.Name[0] == 'e' {
				f.Name = name.Text
			}
			if f.Rule == "aws-iam-mfa" {
				f.Exemption = &posture.Exemption{ID: "x", Expires: "2026-11-30"}
			}
		})
		s.on(6).run(snapshot.Complete)
		page := s.page(o)
		t.Run(name.Label, func(t *testing.T) { inert(t, page) })
	}
}

// inert holds that no form of a page can do anything.
func inert(t *testing.T, page weekly.Page) {
	html := written(t, page.WriteHTML)
	checkPage(t, html)
	table, encoded := written(t, page.WriteCSV), written(t, page.WriteJSON)
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell + "x")[0]) {
				t.Errorf("a cell is a formula: %q", cell)
			}
		}
	}
	for form, body := range map[string][]byte{"HTML": html, "CSV": table, "JSON": encoded} {
		for _, r := range string(body) {
			if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)) {
				t.Fatalf("%s holds %U", form, r)
			}
		}
	}
	var back weekly.Page
	if err := json.Unmarshal(encoded, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page, back); diff != "" {
		t.Errorf("JSON gives another page back: %s", diff)
	}
}
