// Command slackhtml reads what posture demo --blocks prints and writes its first
// alert as a page that looks like it does in Slack, for the picture in README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
)

// block is a block of Slack's Block Kit, or an element of one: as much of it as
// alerts use.
type block struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string, or an object with one
	URL      string          `json:"url"`
	Style    json.RawMessage `json:"style"`
	Elements []block         `json:"elements"`
}

// Words returns the text of a block.
func (b block) Words() string {
	var words string
	if json.Unmarshal(b.Text, &words) == nil {
		return words
	}
	var object struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(b.Text, &object) // a block without a text has none
	return object.Text
}

// Bold reports whether a text is bold.
func (b block) Bold() bool {
	var style struct {
		Bold bool `json:"bold"`
	}
	_ = json.Unmarshal(b.Style, &style) // a button's style is a word
	return style.Bold
}

const page = `<!doctype html><meta charset="utf-8"><title>An alert in Slack</title>
<style>
body { margin: 0; padding: 16px 20px; width: 700px; font: 15px/1.46 Lato, "Liberation Sans", Arial, sans-serif; color: #1d1c1d; background: #fff }
.post { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px }
.icon { width: 36px; height: 36px; border-radius: 6px; background: #1d4f6e; color: #fff; font-weight: 900; font-size: 20px; line-height: 36px; text-align: center }
.name { font-weight: 900 } .app { background: #e8e8e8; color: #616061; font-size: 10px; padding: 1px 3px; border-radius: 2px; margin-left: 4px; vertical-align: 1px }
h3 { font-size: 18px; margin: 4px 0 } .text { white-space: pre-wrap; margin: 4px 0 }
a { color: #1264a3; text-decoration: none }
pre { font: 12px/1.5 "Liberation Mono", monospace; white-space: pre-wrap; word-break: break-word; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0 }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; font-weight: 700; padding: 4px 12px; margin: 6px 8px 6px 0; font-size: 14px }
.context { color: #616061; font-size: 12.5px }
</style>
<div class="post"><div class="icon">p</div><div><span class="name">posture</span><span class="app">APP</span>{{range .}}{{template "block" .}}{{end}}</div></div>
{{define "block"}}{{if eq .Type "header"}}<h3>{{.Words}}</h3>
{{else if eq .Type "rich_text"}}{{range .Elements}}{{template "block" .}}{{end}}
{{else if eq .Type "rich_text_section"}}<div class="text">{{range .Elements}}{{template "block" .}}{{end}}</div>
{{else if eq .Type "rich_text_preformatted"}}<pre>{{range .Elements}}{{.Words}}{{end}}</pre>
{{else if eq .Type "actions"}}<div>{{range .Elements}}<span class="button">{{.Words}}</span>{{end}}</div>
{{else if eq .Type "context"}}<div class="context">{{range .Elements}}{{template "block" .}}{{end}}</div>
{{else if eq .Type "link"}}<a>{{.Words}}</a>{{else if .Bold}}<b>{{.Words}}</b>{{else}}{{.Words}}{{end}}{{end}}`

// write writes the first alert of what the demo printed.
func write(demo []byte, out io.Writer) error {
	_, rest, found := bytes.Cut(demo, []byte("as Slack receives it:\n"))
	if !found {
		return fmt.Errorf("no alert in the input: expected what posture demo --blocks prints")
	}
	var alert struct {
		Blocks []block `json:"blocks"`
	}
	if err := json.NewDecoder(bytes.NewReader(rest)).Decode(&alert); err != nil {
		return fmt.Errorf("read the alert: %w", err)
	}
	return template.Must(template.New("page").Parse(page)).Execute(out, alert.Blocks)
}

func main() {
	demo, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = write(demo, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "slackhtml:", err)
		os.Exit(1)
	}
}
