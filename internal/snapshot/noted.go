package snapshot

import (
	"context"
	"fmt"
)

// checkNoted checks the chain against its ends as they were noted elsewhere. A
// chain that somebody wrote anew, from some run to the end, is whole in itself:
// only such a note shows it.
func (v *verifier) checkNoted(context.Context) error {
	for _, note := range v.noted {
		v.checkNote(note)
	}
	return nil
}

func (v *verifier) checkNote(note Link) {
	for _, at := range v.chain {
		switch {
		case note.Sequence == 0 && at.Manifest == note.Manifest:
			return
		case note.Sequence != 0 && at.Sequence == note.Sequence:
			if at.Manifest != note.Manifest {
				v.add(Problem{Kind: Rewritten, Run: at.run, Key: chainKey(at.Sequence), What: fmt.Sprintf("its sha256 is %s; noted was %s", at.Manifest, note.Manifest)})
			}
			return
		}
	}
	if note.Sequence == 0 {
		v.add(Problem{Kind: Rewritten, Key: chainPrefix, What: "no link has the sha256 that was noted: " + note.Manifest})
		return
	}
	v.add(Problem{Kind: Removed, Key: chainKey(note.Sequence), What: "the link was noted, and is not there"})
}
