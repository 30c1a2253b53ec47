package weekly

import (
	"fmt"
	"strconv"
)

// share is one colour of a chart.
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

// px writes a length.
func px(f float64) markup { return markup(strconv.FormatFloat(f, 'f', 1, 64)) }

// rect is one rectangle.
func rect(class markup, x, y, width, height float64) markup {
	return `<rect class="` + class + `" x="` + px(x) + `" y="` + px(y) + `" width="` + px(width) + `" height="` + px(height) + `"/>`
}

// bar draws counts as one bar.
func (d *document) bar(what string, c Counts) {
	total := c.Total()
	if total == 0 {
		return
	}
	const width, height = 600.0, 14.0
	d.add(`<div class="bar"><span>`, text(fmt.Sprintf("%s: %s", what, spelt(c))), `</span><svg viewBox="0 0 600 14" role="img" aria-label="`, text(what), `">`)
	x := 0.0
	for _, s := range shares {
		w := width * float64(s.of(c)) / float64(total)
		if w > 0 {
			d.add(rect(s.class, x, 0, max(w-1, 1), height))
		}
		x += w
	}
	d.add(`</svg></div>`)
}

// spelt writes counts in words.
func spelt(c Counts) string {
	return fmt.Sprintf("%d failing, %d exempted, %d unknown, %d passing", c.Failing, c.Exempted, c.Unknown, c.Passing)
}

// key says which colour is what.
func (d *document) key(of []share) {
	d.add(`<ul class="key">`)
	for _, s := range of {
		d.add(`<li><svg viewBox="0 0 10 10" aria-hidden="true">`, rect(s.class, 0, 0, 10, 10), `</svg>`, text(s.name), `</li>`)
	}
	d.add(`</ul>`)
}

// troubles are the colours of the trend: passing findings would hide the rest.
func troubles() []share { return shares[:3] }

// columns draws the trend: a column for each week, none where nothing is
// known.
func (d *document) columns(points []Point) {
	const top, bottom, left, step = 16.0, 126.0, 30.0, 44.0
	highest := 1
	for _, p := range points {
		highest = max(highest, p.Counts.Failing+p.Counts.Exempted+p.Counts.Unknown)
	}
	d.add(`<svg viewBox="0 0 620 150" role="img" aria-label="Findings that fail, are exempted or unknown, by week; the table below has the figures">`)
	d.add(`<line class="axis" x1="30" y1="126" x2="610" y2="126"/><text x="26" y="20" text-anchor="end">`, count(highest), `</text><text x="26" y="129" text-anchor="end">0</text>`)
	for i, p := range points {
		x := left + 6 + step*float64(i)
		label := `<text x="` + px(x+16) + `" y="142" text-anchor="middle">` + text(p.Week.String()[5:]) + `</text>`
		if len(p.Runs) == 0 {
			d.add(rect("none", x, top, 32, bottom-top), label)
			continue
		}
		if len(p.Missing) > 0 {
			d.add(rect("none", x-3, top, 38, bottom-top))
		}
		y := bottom
		for _, s := range troubles() {
			h := (bottom - top) * float64(s.of(p.Counts)) / float64(highest)
			if h > 0 {
				y -= h
				d.add(rect(s.class, x, y, 32, h))
			}
		}
		d.add(label)
	}
	d.add(`</svg>`)
}
