// Package nasty lists names that a stranger may give to a resource in order to
// confuse or command whoever reads it. Tests send all of them through every
// output. Only tests import it. Begin with Names.
package nasty

import "strings"

// Name is one nasty name.
type Name struct {
	Label string // what it tries
	Text  string
}

// Names returns the table, the same each time.
func Names() []Name {
	return []Name{
		{"mention of all", "<!channel>"},
		{"mention of those here", "<!here|here>"},
		{"mention of a user", "<@U1>"},
		{"mention of a group", "<!subteam^S1>"},
		{"link under another name", "<http://evil|ok>"},
		{"bare link", "https://evil.example/login"},
		{"markup", "*bold* _it_ ~gone~ `code` ```block```"},
		{"emoji code", ":rotating_light:"},
		{"entities", "&lt;!channel&gt; & co"},
		{"right to left override", "safe\u202egnp.exe"},
		{"embedding and isolates", "\u202aa\u202bb\u202cc\u202dd\u2066e\u2067f\u2068g\u2069"},
		{"direction marks", "a\u200eb\u200fc\u061cd"},
		{"zero width", "pay\u200bpal\u200c\u200d\u2060\ufeff"},
		{"tag characters", "ok\U000e0041\U000e0042"},
		{"control characters", "a\x00b\x07c\x08d\x7fe"},
		{"terminal colours", "\x1b[31mred\x1b[0m"},
		{"terminal title", "\x1b]0;owned\x07"},
		{"terminal link", "\x1b]8;;http://evil\x1b\\ok\x1b]8;;\x1b\\"},
		{"C1 control sequence", "\u009b31mred\u009d0;owned\u009c"},
		{"raw C1 byte", "a\x9b31mb"},
		{"not UTF-8", "a\xff\xfe\xc3(b"},
		{"line breaks", "one\ntwo\r\nthree\rfour\u2028five\u2029six\u0085seven"},
		{"tabs", "\tone\ttwo"},
		{"ten thousand runes", strings.Repeat("ü", 10_000)},
		{"ten thousand lines", strings.Repeat("a\n", 10_000)},
		{"emoji at the border", strings.Repeat("x", 149) + "👩‍👩‍👧‍👦" + strings.Repeat("👍🏽", 50)},
		{"formula", "=cmd()"},
		{"formula of an old spreadsheet", "=cmd|'/c calc'!A0"},
		{"plus", "+1"},
		{"minus", "-1+1"},
		{"at", "@x"},
		{"formula after a tab", "\t=1+1"},
		{"formula after a return", "\r=1+1"},
		{"full-width formula", "＝1+1"},
		{"quotes", `"',;'"`},
		{"HTML", "<script>alert(1)</script><img src=x onerror=alert(1)>"},
		{"path", "../../etc/passwd"},
		{"template", "{{.}} ${x} %s %n"},
		{"empty", ""},
		{"only invisible", "\u200b\u202e\x1b"},
	}
}
