package weekly_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posture/internal/nasty"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// browser is the program that people read pages with; POSTURE_CHROMIUM names
// another one.
const browser = "chromium"

// browse opens a page in a headless browser and returns what it prints.
func browse(t *testing.T, page []byte, how ...string) []byte {
	t.Helper()
	program := os.Getenv("POSTURE_CHROMIUM")
	if program == "" {
		program = browser
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	arguments := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + t.TempDir(),
	}, how...)
	out, err := exec.CommandContext(ctx, program, append(arguments, "file://"+file)...).Output()
	if err != nil {
		t.Fatalf("%s: %v: run make browser, or set POSTURE_CHROMIUM to the path of a Chromium", program, err)
	}
	return out
}

// marked is what a script leaves behind in the page that it runs in.
const marked = `<p id="ran">`

const script = `<script>document.body.innerHTML = '<p id=' + '"ran">'</script>`

// TestBrowserRunsNothing opens pages in which a stranger's name is a script,
// and one into which a script was smuggled as such: the page forbids it. The
// same script without the page is run, so that the test can fail.
func TestBrowserRunsNothing(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	s.rules[0].Title = script
	s.has(one, map[string][]string{"aws-s3-public": {"-a", "-b"}})
	s.each(one, func(f *posture.Finding) {
		f.Name, f.Owner = script, `<img src=x onerror="document.body.innerHTML='<p id=' + 'ran>'">`
	})
	s.on(6).run(snapshot.Complete)
	page := written(t, s.page(o).WriteHTML)
	smuggled := bytes.Replace(page, []byte("<h1>"), []byte(script+"<h1>"), 1)
	for name, c := range map[string]struct {
		page []byte
		runs bool
	}{
		"as a name": {page, false}, "smuggled in": {smuggled, false}, "alone": {[]byte("<!DOCTYPE html><body>" + script), true},
	} {
		t.Run(name, func(t *testing.T) {
			dom := string(browse(t, c.page, "--dump-dom"))
			if strings.Contains(dom, marked) != c.runs {
				t.Errorf("the script ran: %v, want %v", !c.runs, c.runs)
			}
			if !c.runs && !strings.Contains(dom, "Posture, week") {
				t.Errorf("the page is not there: %.200s", dom)
			}
		})
	}
}

// TestBrowserLoadsNothing opens a page of every nasty name where each of them
// asks for an image from a server, which must not be asked.
func TestBrowserLoadsNothing(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	image := `<img src="` + server.URL + `"><style>@import url(` + server.URL + `)</style>`
	s, o := newStory(t), options()
	var failing []string
	for _, name := range nasty.Names() {
		failing = append(failing, "-"+name.Label)
	}
	s.has(one, map[string][]string{"aws-s3-public": failing})
	s.each(one, func(f *posture.Finding) {
		for _, name := range nasty.Names() {
			if f.Name == name.Label {
				f.Name, f.Owner = name.Text+image, image
			}
		}
	})
	s.on(6).run(snapshot.Complete)
	page := written(t, s.page(o).WriteHTML)
	smuggled := bytes.Replace(page, []byte("<h1>"), []byte(image+"<h1>"), 1)
	browse(t, smuggled, "--dump-dom")
	if asked.Load() != 0 {
		t.Errorf("the page asked a server %d times", asked.Load())
	}
	browse(t, []byte("<!DOCTYPE html><body>"+image), "--dump-dom")
	if asked.Load() == 0 {
		t.Error("a page without protection did not ask either: the test proves nothing")
	}
}

// TestBrowserDraws opens the page on a phone, and on a screen in the dark, and
// looks at whether it is drawn.
func TestBrowserDraws(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := written(t, s.page(o).WriteHTML)
	for name, c := range map[string]struct {
		flags []string
		dark  bool
	}{
		"phone": {[]string{"--window-size=400,900"}, false},
		"dark":  {[]string{"--window-size=1200,900", "--blink-settings=preferredColorScheme=0"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "shot.png")
			browse(t, page, append(c.flags, "--screenshot="+file, "--hide-scrollbars")...)
			shot, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := png.Decode(bytes.NewReader(shot))
			if err != nil {
				t.Fatal(err)
			}
			colours := map[[3]uint32]int{}
			for y := range drawn.Bounds().Dy() {
				for x := range drawn.Bounds().Dx() {
					r, g, b, _ := drawn.At(x, y).RGBA()
					colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
				}
			}
			if len(colours) < 50 {
				t.Errorf("%d colours are no page", len(colours))
			}
			corner, _, _, _ := drawn.At(1, 1).RGBA()
			if dark := corner>>8 < 128; dark != c.dark {
				t.Errorf("the page is dark: %v, want %v", dark, c.dark)
			}
		})
	}
}

// axe is the checker of accessibility that make node installs.
const axe = "../../build/node/node_modules/axe-core/axe.min.js"

// TestBrowserIsAccessible holds that a checker of accessibility finds nothing
// on the page, on a phone and on a screen, light and dark, with all that can be
// opened being open. A page with a fault shows that it would.
func TestBrowserIsAccessible(t *testing.T) {
	checker, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("%v: run make node", err)
	}
	s, o := shop(t)
	rich(s)
	page := written(t, s.page(o).WriteHTML)
	faulty := bytes.Replace(page, []byte(`<main>`), []byte(`<main><img src="data:,"/>`), 1)
	for name, c := range map[string]struct {
		page  []byte
		flags []string
		want  string
	}{
		"phone":       {page, []string{"--window-size=390,900"}, ""},
		"phone, dark": {page, []string{"--window-size=390,900", "--blink-settings=preferredColorScheme=0"}, ""},
		"wide":        {page, []string{"--window-size=1440,900"}, ""},
		"wide, dark":  {page, []string{"--window-size=1440,900", "--blink-settings=preferredColorScheme=0"}, ""},
		"faulty":      {faulty, []string{"--window-size=1440,900"}, "image-alt"},
	} {
		t.Run(name, func(t *testing.T) {
			said := violations(t, c.page, checker, c.flags)
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("got %q, want %q", said, c.want)
			}
		})
	}
}

// violations opens all of a page, lets the checker loose on it and returns what
// it finds: a line for each kind, with the first place.
func violations(t *testing.T, page, checker []byte, flags []string) string {
	t.Helper()
	const run = `document.querySelectorAll("details").forEach(d => d.open = true);
axe.run().then(r => { document.title = "checked " + r.passes.length;
document.body.textContent = "[[" + r.violations.map(v => v.id + ": " + v.nodes.length + " " + v.nodes[0].html.slice(0, 200) + " " + v.nodes[0].failureSummary).join("; ") + "]]"; });`
	policy := []byte(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>`)
	if !bytes.Contains(page, policy) {
		t.Fatal("the page forbids nothing")
	}
	page = bytes.Replace(page, policy, nil, 1) // which the checker itself would break
	script := append(append([]byte("<script>"), checker...), []byte("</script><script>"+run+"</script></body>")...)
	page = bytes.Replace(page, []byte("</body>"), script, 1)
	dom := string(browse(t, page, append(flags, "--virtual-time-budget=60000", "--dump-dom")...))
	_, said, found := strings.Cut(dom, "[[")
	said, _, closed := strings.Cut(said, "]]")
	if !found || !closed || !strings.Contains(dom, "<title>checked ") {
		t.Fatalf("the checker did not end: %.300s", dom)
	}
	return said
}

// TestBrowserPrintsAll holds that what is closed on the screen can be read in
// print: the rules for print are applied to the screen, where a script can look.
func TestBrowserPrintsAll(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	rich(s)
	page := written(t, s.page(o).WriteHTML)
	const look = `<script>let closed = 0, hidden = 0;
document.querySelectorAll("details:not([open]) > :not(summary)").forEach(e => { closed++; if (!e.checkVisibility({contentVisibilityAuto: true}) || e.getBoundingClientRect().height == 0) hidden++; });
document.title = "closed " + closed + ", hidden " + hidden;</script></body>`
	looked := func(page []byte) (closed, hidden int) {
		page = bytes.Replace(page, []byte("default-src 'none'; "), nil, 1) // which forbids the script
		dom := string(browse(t, bytes.Replace(page, []byte("</body>"), []byte(look), 1), "--dump-dom"))
		_, title, _ := strings.Cut(dom, "<title>")
		if n, err := fmt.Sscanf(title, "closed %d, hidden %d", &closed, &hidden); n != 2 {
			t.Fatalf("the script did not look: %v %.100s", err, title)
		}
		return closed, hidden
	}
	if closed, hidden := looked(page); closed == 0 || hidden != closed {
		t.Errorf("on the screen %d of %d closed parts are hidden", hidden, closed)
	}
	if closed, hidden := looked(bytes.Replace(page, []byte("@media print{"), []byte("@media all{"), 1)); hidden > 0 {
		t.Errorf("in print %d of %d closed parts are hidden", hidden, closed)
	}
}

// TestBrowserNarrow holds that a phone shows the rules that fail without the criteria
// that they support, and a screen shows them.
func TestBrowserNarrow(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := bytes.Replace(written(t, s.page(o).WriteHTML), []byte("default-src 'none'; "), nil, 1) // which forbids the script
	const look = `<script>const cells = [...document.querySelectorAll("#failing th[scope=col], #failing td")];
const shown = cells.filter(e => e.getBoundingClientRect().width > 0), wide = document.querySelectorAll("#failing .wide").length;
document.title = "left out " + (cells.length - shown.length) + " of " + wide + ", " + shown.some(e => e.textContent == "supports");</script></body>`
	page = bytes.Replace(page, []byte("</body>"), []byte(look), 1)
	for width, hidden := range map[int]bool{390: true, 1200: false} {
		dom := string(browse(t, page, fmt.Sprintf("--window-size=%d,900", width), "--dump-dom"))
		var left, wide int
		var supports bool
		_, title, _ := strings.Cut(dom, "<title>")
		if n, err := fmt.Sscanf(title, "left out %d of %d, %t", &left, &wide, &supports); n != 3 {
			t.Fatalf("the script did not look: %v %.100s", err, title)
		}
		if wide < 2 || hidden && left != wide || !hidden && left != 0 || supports == hidden {
			t.Errorf("%d wide: %d of %d cells are left out, supports is shown: %v", width, left, wide, supports)
		}
	}
}

// rich gives the last run's findings all that the page shows of one.
func rich(s *story) {
	s.each(one, func(f *posture.Finding) {
		f.Sentence, f.Command = f.Name+" is open to everybody", "aws s3api put-public-access-block --bucket "+f.Name
		f.Link = "https://s3.console.aws.amazon.com/s3/buckets/" + f.Name
		f.Evidence = []posture.Value{{Path: "resource.public", Value: true}}
	})
	s.days--
	s.run(snapshot.Complete)
}
