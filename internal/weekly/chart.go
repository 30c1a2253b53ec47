package weekly

import (
	"fmt"
	"strconv"

	"posture/internal/posture"
)

// share is one colour of a chart of statuses.
type share struct {
	class markup
	name  string
	of    func(Counts) int
}

var shares = []share{ //nolint:gochecknoglobals // constant
	{"fail", "failing", func(c Counts) int { return c.Failing }},
	{"exempt", "exempted", func(c Counts) int { return c.Exempted }},
	{"unknown", "unknown", func(c Counts) int { return c.Unknown }},
	{"pass", "passing", func(c Counts) int { return c.Passing }},
}

// piece is one colour of a bar and how much of it there is.
type piece struct {
	class markup
	n     int
}

// percentOf writes a share of a whole as a length.
func percentOf(n, whole int) markup {
	return markup(strconv.FormatFloat(100*float64(n)/float64(max(whole, 1)), 'f', 2, 64)) + "%"
}

// key says which colour is what.
func (d *document) key(names []string, class func(string) markup) {
	d.add(`<ul class="key">`)
	for _, name := range names {
		d.add(`<li><i class="`, class(name), `"></i>`, text(name), `</li>`)
	}
	d.add(`</ul>`)
}

// severityKey is the key of charts by severity.
func (d *document) severityKey() {
	d.key([]string{"critical", "high", "medium", "low"}, func(name string) markup { return markup(name) })
}

// statusKey is the key of charts by status.
func (d *document) statusKey() {
	d.key([]string{"failing", "exempted", "unknown", "passing"}, func(name string) markup {
		for _, s := range shares {
			if s.name == name {
				return s.class
			}
		}
		return ""
	})
}

// pieces returns the parts of a bar of severities, the most severe first. What
// has no known severity comes last.
func (s Severities) pieces() []piece {
	var all []piece
	rest := s.Total()
	for _, severity := range posture.Severities {
		all = append(all, piece{markup(severity), s[severity]})
		rest -= s[severity]
	}
	return append(all, piece{"unknown", rest})
}

// bar is a line of a chart: what it is, its parts, and their sum in words.
type bar struct {
	name   markup
	pieces []piece
	of     markup
}

// bars draws lines; the longest is as wide as the chart. The legend
// stays with them on paper.
func (d *document) bars(title string, key func(), lines []bar) {
	whole := 0
	for _, line := range lines {
		whole = max(whole, sumOf(line.pieces))
	}
	if whole == 0 {
		return
	}
	d.add(`<figure><figcaption>`, text(title), `</figcaption>`)
	key()
	d.add(`<ul class="bars">`)
	for _, line := range lines {
		d.b.WriteString(string(`<li><span class="what">` + line.name + `</span><span class="track" aria-hidden="true">`))
		for _, p := range line.pieces {
			if p.n > 0 {
				d.b.WriteString(string(`<i class="` + p.class + `" style="width:` + percentOf(p.n, whole) + `"></i>`))
			}
		}
		d.add(`</span><span class="sum">`, line.of, `</span></li>`)
	}
	d.add(`</ul></figure>`)
}

func sumOf(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += p.n
	}
	return n
}

// column is one week of a chart; nil pieces: nothing is known.
type column struct {
	name   string
	pieces []piece
	lacks  bool // some scope had no run
	says   string
}

// columns draws weeks; the highest is as high as the chart, or as
// what all of it would be.
func (d *document) columns(title string, key func(), weeks []column, whole int) {
	for _, week := range weeks {
		whole = max(whole, sumOf(week.pieces))
	}
	d.add(`<figure><figcaption>`, text(title), `</figcaption>`)
	key()
	d.add(`<div class="cols" role="img" aria-label="`, text(title+"; the table of weeks has the figures"), `">`)
	for _, week := range weeks {
		class := markup("col")
		if week.pieces == nil {
			class += " none"
		}
		if week.lacks {
			class += " lacks"
		}
		d.b.WriteString(string(`<div class="` + class + `"><span class="top">` + text(week.says) + `</span><span class="stack">`))
		for i := len(week.pieces) - 1; i >= 0; i-- {
			if p := week.pieces[i]; p.n > 0 {
				d.b.WriteString(string(`<i class="` + p.class + `" style="height:` + percentOf(p.n, whole) + `"></i>`))
			}
		}
		d.add(`</span><span class="week">`, text(week.name), `</span></div>`)
	}
	d.add(`</div></figure>`)
}

// spelt writes counts in words.
func spelt(c Counts) string {
	return fmt.Sprintf("%d failing, %d exempted, %d unknown, %d passing", c.Failing, c.Exempted, c.Unknown, c.Passing)
}
