package drift

import "posture/internal/posture"

// Preview says of single failing findings, while a target is still being
// scanned, whether people are going to be notified of them. Of the notified
// state it keeps only what makes a difference: above all the fingerprints
// of what fails already.
type Preview struct {
	comparison *comparison
	known      map[string]bool // whether people are notified, by fingerprint, where that differs from what has no line
}

// NewPreview returns the preview of a comparison. It takes no listings, and
// nothing of it changes what Compare says. Remember the notified lines before
// asking it anything.
func NewPreview(in Input) *Preview {
	return &Preview{newComparison(in, Out{}), map[string]bool{}}
}

// Remember takes in one line of the notified state.
func (p *Preview) Remember(line Notified) {
	failing := posture.Finding{Fingerprint: line.Fingerprint, Rule: line.Rule, Region: line.Region, Status: posture.Fail}
	if tells := p.tells(line, failing); tells != p.tells(Notified{}, failing) {
		p.known[line.Fingerprint] = tells
	}
}

// Tells reports whether people are going to be notified that the finding fails, by
// itself or among others of the same rule. A summary of a first run, or of a
// new or changed rule, names none.
func (p *Preview) Tells(f posture.Finding) bool {
	if f.Status != posture.Fail || f.Exemption.Live() {
		return false
	}
	if tells, known := p.known[f.Fingerprint]; known {
		return tells
	}
	return p.tells(Notified{}, f)
}

func (p *Preview) tells(line Notified, f posture.Finding) bool {
	j, ok := p.comparison.rules[f.Rule]
	if !ok || f.Listing {
		return false
	}
	p.comparison.decideExemption(&line, &f)
	_, change := p.comparison.meet(line, &f, j)
	return change != nil && change.Silent == ""
}
