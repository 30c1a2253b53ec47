package scanners

import (
	"regexp"
	"slices"
	"strings"
)

// CredentialVariable reports whether an environment variable holds a
// credential: by the form of its value, or because its name says so and its
// value is neither empty, nor a switch or a number, nor a placeholder, nor the
// name, the address or the file of a secret that is kept elsewhere.
func CredentialVariable(name, value string) bool {
	if HoldsCredential(value) {
		return true
	}
	kind := namedCredential(name)
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if kind == noCredential || len(value) < kind.shortest() || refersElsewhere.MatchString(value) || noValue.MatchString(value) {
		return false
	}
	return kind == password && !namesItself.MatchString(value) || kind == generated && !plainName.MatchString(value)
}

// credentialKind is what the name of a variable says of its value.
type credentialKind int

const (
	noCredential credentialKind = iota
	password                    // people choose it, it may be a word
	generated                   // a program made it, it is no name
)

// shortest is the length under which a value is no credential of the kind.
func (k credentialKind) shortest() int {
	if k == password {
		return 4
	}
	return 8
}

// The last words of variables that hold a credential. What follows them makes
// the name one of something else: PASSWORD_POLICY, TOKEN_URL, API_KEY_ID.
var (
	passwordWords  = []string{"PASSWORD", "PASSWD", "PASSPHRASE", "PASSWORT"}
	generatedWords = []string{"SECRET", "TOKEN", "APIKEY", "SECRETKEY", "PRIVATEKEY"}
	generatedPairs = []string{
		"API KEY", "SECRET KEY", "PRIVATE KEY", "ENCRYPTION KEY", "SIGNING KEY", "MASTER KEY", "ACCOUNT KEY", "AUTH KEY",
		"LICENSE KEY", "KEY BASE", "SECRET ACCESS",
	}
	// environments may come last: DB_PASSWORD_PROD.
	environments = []string{"DEV", "DEVELOPMENT", "TEST", "STAGE", "STAGING", "PROD", "PRODUCTION", "LIVE"}
	// shown are words of names whose value is made to be shown to everybody.
	shown = []string{"PUBLIC", "PUBLISHABLE", "SITE", "VITE"}
)

// namedCredential returns which kind of credential a variable's name speaks of.
func namedCredential(name string) credentialKind {
	words := wordsOf(name)
	for len(words) > 1 && (slices.Contains(environments, words[len(words)-1]) || strings.Trim(words[len(words)-1], "0123456789") == "") {
		words = words[:len(words)-1]
	}
	if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(shown, w) }) || strings.HasPrefix(name, "REACT_APP_") {
		return noCredential
	}
	last := words[len(words)-1]
	ends := func(word string) bool { return strings.HasSuffix(last, word) }
	two := strings.Join(words[max(0, len(words)-2):], " ")
	three := strings.Join(words[max(0, len(words)-3):], " ")
	switch {
	case slices.ContainsFunc(passwordWords, ends), len(words) > 1 && (last == "PASS" || last == "PWD") && !strings.HasPrefix(two, "OLD"):
		return password
	case slices.ContainsFunc(generatedWords, ends), slices.Contains(generatedPairs, two), strings.HasSuffix(three, "SECRET ACCESS KEY"):
		return generated
	}
	return noCredential
}

var wordBreak = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// wordsOf returns the words of a name in capitals: DB_PASSWORD, db-password
// and dbPassword are the same two.
func wordsOf(name string) []string {
	apart := wordBreak.ReplaceAllString(name, "${1}${3}_${2}${4}")
	return strings.FieldsFunc(strings.ToUpper(apart), func(r rune) bool { return strings.ContainsRune("_-. ", r) })
}

var (
	// refersElsewhere matches what stands for a value that is kept elsewhere:
	// an ARN or another address, a reference of a deployment tool, a path, a
	// file, or a text that only a key opens.
	refersElsewhere = regexp.MustCompile(`^(?:arn:|projects/|[A-Za-z][0-9A-Za-z+.-]*://|ssm:|vault:|secretsmanager:|secret:|sm:|kms:|[$]|\{\{|<|%[({a-z]|@Microsoft\.KeyVault|ENC\[|AQIC[0-9A-Za-z+/=]{50}|/[a-z0-9_./-]+$|[a-z][a-z0-9_.-]*(?:/[a-z0-9_.-]+)+$)|\.(?:pem|key|json|txt|crt|p12|pfx|jks|ya?ml|env|conf)$|^[A-Z]:\\|[$]\{`)
	// noValue matches switches, numbers, durations, and signs that something is
	// still to be filled in.
	noValue = regexp.MustCompile(`(?i)^(?:true|false|yes|no|on|off|enabled?|disabled?|required|optional|none|null|nil|undefined|default|auto|n/?a|tbd|todo|unset|not[-_ ]?set|empty|dummy|placeholder|redacted|example|change[-_ ]?(?:me|it)|fix[-_ ]?me|fill[-_ ]?me|(?:to[-_ ]?be[-_ ]?)?replaced?[-_ ]?me|replaced?|your[-_ ].*|.*[-_ ]here|insert[-_ ].*|set[-_ ]by[-_ ].*|[*xX.#?-]+|\[.*\]|[0-9]{1,3}|[0-9]+(?:ms|s|m|h|d))$`)
	// namesItself matches the name of a secret: words apart, and one says
	// what it is, as in prod-db-password.
	namesItself = regexp.MustCompile(`^(?:[a-z0-9]+[-_.:])+(?:password|passwd|secret|token|credentials?|key)s?$|^(?:password|secret|token|credentials?|key)s?(?:[-_.:][a-z0-9]+)+$`)
	// plainName matches words with signs between, as resources are called, and
	// numbers: what a program makes up is neither.
	plainName = regexp.MustCompile(`^[A-Za-z]+(?:[-_.: ][A-Za-z]+|[-_.]v?[0-9]{1,3})+$|^[0-9]{1,10}$`)
)
