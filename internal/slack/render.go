// Package slack gives alerts the form of Slack messages and of lines for a
// terminal, and posts them with a bot token or through an incoming webhook.
// What strangers wrote comes out as text that does nothing. It keeps nothing:
// when and whether to post is the outbox's matter. Begin with NewBot or NewWebhook to
// post, with Text for a terminal.
package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	api "github.com/slack-go/slack"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/outbox"
	"posture/internal/posture"
)

// The bounds that a message stays under. Slack refuses messages of 50 blocks,
// and of some 13,200 characters in all although it says so nowhere.
const (
	maxBlocks = 45
	maxSize   = 12_000
	maxText   = 1_500 // bytes of the plain text
)

// Payload is a message in Slack's form. Text is always set; without Blocks it
// is the whole message.
type Payload struct {
	Text   string
	Blocks []api.Block
}

// Render returns the message that is to be posted.
func Render(m outbox.Message) Payload { return pageFor(m).message(m) }

// renderAlone is Render for where no thread keeps answers together: what says
// that something ended is short.
func renderAlone(m outbox.Message) Payload {
	p := pageFor(m)
	if m.Alert.Kind.Ends() {
		p.lists, p.buttons = nil, nil
	}
	return p.message(m)
}

// pageFor returns the page of a message.
func pageFor(m outbox.Message) page {
	p := pageOf(m.Alert)
	if len(m.Members) > 0 {
		p = digestPage(m)
	}
	if m.Repeated {
		p.notes = append(p.notes, "(may be repeated)")
	}
	return p
}

// message gives the page the form of a message.
func (p page) message(m outbox.Message) Payload {
	called := mentions(m)
	if m.Plain {
		return Payload{Text: p.plain(called)}
	}
	return p.payload(called)
}

// renderAmended returns the message as it is to look after some of its
// findings have ended.
func renderAmended(alert drift.Alert, settled []outbox.Settlement) Payload {
	p := pageOf(alert)
	p.strike(alert, settled)
	return p.payload("")
}

// payload returns as much of the page as one message holds: of long lists
// fewer rows, and in the end no facts and no prose.
func (p page) payload(called string) Payload {
	for rows := drift.Shown * 2; rows >= 0; rows-- {
		cut := p.limit(rows)
		if payload := (Payload{Text: cut.short(called), Blocks: cut.blocks(called)}); payload.fits() {
			return payload
		}
	}
	p.facts, p.notes, p.lists, p.why, p.fix, p.brief = nil, nil, nil, "", "", ""
	return Payload{Text: p.short(called), Blocks: p.blocks(called)}
}

// limit returns the page with at most n rows in each list.
func (p page) limit(n int) page {
	lists := make([]list, len(p.lists))
	for i, l := range p.lists {
		shown := min(n, len(l.rows))
		lists[i] = list{heading: l.heading, rows: l.rows[:shown], more: l.more + len(l.rows) - shown}
	}
	p.lists = lists
	return p
}

// fits reports whether Slack takes the message. It counts the bytes of the
// JSON, which are more than the characters that Slack counts.
func (p Payload) fits() bool { return len(p.Blocks) <= maxBlocks && p.size() <= maxSize }

// size returns the bytes of the message.
func (p Payload) size() int {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p.Blocks); err != nil {
		return maxSize + 1
	}
	return b.Len() + len(p.Text)
}

// blocks returns the page as blocks. Text that others wrote is only in rich
// text and plain text elements, which Slack does not interpret.
func (p page) blocks(called string) []api.Block {
	blocks := []api.Block{api.NewHeaderBlock(plainText(escape.Cut(p.headline(), headerLimit)))}
	if called != "" {
		blocks = append(blocks, api.NewSectionBlock(api.NewTextBlockObject(api.MarkdownType, called, false, true), nil, nil))
	}
	if intro := p.intro(); len(intro) > 0 {
		blocks = append(blocks, rich(section(intro...)))
	}
	for _, l := range p.lists {
		blocks = append(blocks, rich(l.elements()...))
	}
	if p.why != "" {
		blocks = append(blocks, rich(section(words("Why: ", &api.RichTextSectionTextStyle{Bold: true}), words(p.why, nil))))
	}
	blocks = append(blocks, p.repairBlocks()...)
	if len(p.buttons) > 0 {
		blocks = append(blocks, actions(p.buttons))
	}
	return append(blocks, api.NewContextBlock("", plainText(p.footer)))
}

// repairBlocks returns the command and what is most important about it.
func (p page) repairBlocks() []api.Block {
	var blocks []api.Block
	if p.fix != "" {
		blocks = append(blocks, rich(section(words(p.fixLabel()+":", &api.RichTextSectionTextStyle{Bold: true})), preformatted(p.fix)))
	}
	if p.brief != "" {
		blocks = append(blocks, rich(section(words(p.brief, nil))))
	}
	return blocks
}

// fixLabel returns what comes before the command.
func (p page) fixLabel() string {
	if p.fixOf == "" {
		return "Fix"
	}
	return "Fix " + p.fixOf
}

// actions returns links as buttons, which need no server to answer.
func actions(buttons []button) api.Block {
	var elements []api.BlockElement
	for i, b := range buttons {
		elements = append(elements, api.NewButtonBlockElement(fmt.Sprintf("link-%d", i), "", plainText(b.label)).WithURL(b.url))
	}
	return api.NewActionBlock("", elements...)
}

// intro returns what comes before the lists, line by line.
func (p page) intro() []api.RichTextSectionElement {
	var elements []api.RichTextSectionElement
	for _, line := range p.opening() {
		elements = append(elements, words(newline(elements)+line, nil))
	}
	for _, f := range p.facts {
		elements = append(elements, words(newline(elements)+f.label+": ", &api.RichTextSectionTextStyle{Bold: true}))
		if f.url != "" {
			elements = append(elements, api.NewRichTextSectionLinkElement(f.url, f.linked, nil), words(" · "+f.text, nil))
			continue
		}
		elements = append(elements, words(f.line(), nil))
	}
	return elements
}

// opening returns the sentences before the facts.
func (p page) opening() []string {
	if p.subject == "" {
		return p.notes
	}
	return append([]string{p.subject}, p.notes...)
}

// newline returns a line break, unless nothing comes before it.
func newline(before []api.RichTextSectionElement) string {
	if len(before) == 0 {
		return ""
	}
	return "\n"
}

// elements returns a list as rich text.
func (l list) elements() []api.RichTextElement {
	rows := make([]api.RichTextElement, len(l.rows))
	for i, r := range l.rows {
		rows[i] = r.element()
	}
	elements := []api.RichTextElement{section(words(l.heading, &api.RichTextSectionTextStyle{Bold: true}))}
	if len(rows) > 0 {
		elements = append(elements, api.NewRichTextList(api.RTEListBullet, 0, rows...))
	}
	if l.more > 0 {
		elements = append(elements, section(words(strings.TrimSpace(more(l.more)), nil)))
	}
	return elements
}

// element returns a row as rich text.
func (r row) element() api.RichTextElement {
	style := &api.RichTextSectionTextStyle{Bold: !r.struck, Strike: r.struck}
	var elements []api.RichTextSectionElement
	if r.url == "" {
		elements = append(elements, words(r.name, style))
	} else {
		elements = append(elements, api.NewRichTextSectionLinkElement(r.url, r.name, style))
	}
	for _, detail := range r.details {
		elements = append(elements, words("\n"+detail, nil))
	}
	return section(elements...)
}

// short returns the text that goes with the blocks: for notifications and
// where blocks are not shown.
func (p page) short(called string) string {
	line := p.headline()
	if p.push != "" {
		line = strings.ToUpper(p.prefix) + " " + p.push + ": " + p.title
	}
	if p.subject != "" && p.push == "" {
		line += " — " + p.subject
	}
	line = escape.CutBytes(line, maxText/2)
	return strings.TrimSpace(called + " " + escape.Slack(line))
}

// plain returns the whole message as short plain text.
func (p page) plain(called string) string {
	lines := append([]string{p.headline()}, p.opening()...)
	for _, f := range p.facts {
		lines = append(lines, f.label+": "+f.line())
	}
	for _, l := range p.lists {
		names := []string{}
		for _, r := range l.rows[:min(len(l.rows), 3)] {
			names = append(names, r.name)
		}
		lines = append(lines, l.heading+": "+strings.Join(names, ", ")+more(l.more+max(len(l.rows)-3, 0)))
	}
	for i, line := range lines {
		lines[i] = escape.CutBytes(line, factLimit)
	}
	lines = append(lines, p.footer)
	return strings.TrimSpace(called + "\n" + escape.Slack(escape.CutBytes(strings.Join(lines, "\n"), maxText)))
}

// mentionForm is what ids of users and of user groups look like.
var mentionForm = regexp.MustCompile(`^[UWS][A-Z0-9]{7,20}$`)

// maxMentions is how many are called by one message at most.
const maxMentions = 10

// mentions returns the markup that calls those who are configured: only for
// what fails, and only for critical and high. Whatever is not the id of a user
// or of a group is left out.
func mentions(m outbox.Message) string {
	loud := m.Alert.Severity.AtLeast(posture.High) && m.Alert.Kind.Fires() || len(m.Members) > 0
	if !loud {
		return ""
	}
	var called []string
	for _, id := range m.Mentions {
		switch {
		case !mentionForm.MatchString(id) || len(called) == maxMentions:
		case id[0] == 'S':
			called = append(called, "<!subteam^"+id+">")
		default:
			called = append(called, "<@"+id+">")
		}
	}
	return strings.Join(called, " ")
}

// plainText returns a text object that Slack does not interpret.
func plainText(s string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.PlainTextType, s, false, false)
}

// words returns a text element of rich text, which Slack does not interpret.
func words(s string, style *api.RichTextSectionTextStyle) *api.RichTextSectionTextElement {
	return api.NewRichTextSectionTextElement(s, style)
}

func section(elements ...api.RichTextSectionElement) *api.RichTextSection {
	return api.NewRichTextSection(elements...)
}

func preformatted(s string) *api.RichTextPreformatted {
	return &api.RichTextPreformatted{
		Type: api.RTEPreformatted, Elements: []api.RichTextSectionElement{words(s, nil)},
	}
}

func rich(elements ...api.RichTextElement) *api.RichTextBlock {
	return api.NewRichTextBlock("", elements...)
}
