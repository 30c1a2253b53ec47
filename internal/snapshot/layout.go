package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

const (
	latestKey   = "state/latest.json"
	chainPrefix = "chain/"
	runsPrefix  = "runs/"
)

var attemptForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// dayPrefix is where the runs of a day are.
func dayPrefix(day time.Time) string { return runsPrefix + day.UTC().Format("2006/01/02") + "/" }

// RunPrefix is where all that is stored of a run is, with a slash at its end.
func RunPrefix(id posture.RunID) string { return dayPrefix(id.Slot()) + id.String() + "/" }

func runKey(id posture.RunID) string      { return RunPrefix(id) + "run.json" }
func manifestKey(id posture.RunID) string { return RunPrefix(id) + "manifest.json" }

// partPrefix is where a target's files of a run are.
func partPrefix(id posture.RunID, target posture.Target) string {
	return RunPrefix(id) + target.String() + "/"
}

func partKey(id posture.RunID, target posture.Target) string {
	return partPrefix(id, target) + "part.json"
}

// NotifiedPrefix is where the files of the notified state are. Their keys do
// not say which of them count.
const NotifiedPrefix = "state/told/"

// NotifiedKey returns the key of the notified state of a target after a run, as
// one attempt at publishing it has it; see Sorted for its form.
func NotifiedKey(target posture.Target, run posture.RunID, attempt string) string {
	return NotifiedPrefix + target.String() + "/" + run.String() + "." + attempt + ".ndjson.zst"
}

// WeekKey returns where the notified state of a target is kept as the ISO week
// of a time left it: the same bytes as at the NotifiedKey that it had then.
func WeekKey(target posture.Target, at time.Time) string {
	return WeekPrefix(at) + target.String() + ".ndjson.zst"
}

// WeekPrefix is where WeekKey is for all targets.
func WeekPrefix(at time.Time) string {
	year, week := at.UTC().ISOWeek()
	return fmt.Sprintf("state/weeks/%04d-W%02d/", year, week)
}

func chainKey(sequence int) string { return fmt.Sprintf("%s%08d.json", chainPrefix, sequence) }

// chainSequence returns the sequence number in a key of the chain.
func chainSequence(key string) (int, bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(key, chainPrefix), ".json")
	sequence, err := strconv.Atoi(digits)
	return sequence, ok && err == nil && chainKey(sequence) == key
}

// runOf returns the id of the run that a key belongs to.
func runOf(key string) (posture.RunID, bool) {
	parts := strings.SplitN(key, "/", 6)
	if len(parts) < 6 {
		return "", false
	}
	id, err := posture.ParseRunID(parts[4])
	return id, err == nil && strings.HasPrefix(key, RunPrefix(id))
}

// checkID refuses an id under which no run can be stored.
func checkID(id posture.RunID) error {
	_, err := posture.ParseRunID(id.String())
	return err
}

// checkTarget refuses a target whose files would not lie in a place of their
// own.
func checkTarget(target posture.Target) error {
	account := target.Account
	if target.Provider == "" || account == "" || strings.Contains(target.String()[len(target.Provider)+1:], "/") {
		return fmt.Errorf("target %.80q is not like aws/111122223333", target)
	}
	return store.CheckKey(target.String())
}

// fileOf describes an object by its bytes.
func fileOf(key string, body []byte) File {
	return File{Key: key, Size: int64(len(body)), SHA256: sum(body)}
}

func sum(body []byte) string {
	digest := sha256.Sum256(body)
	return hex.EncodeToString(digest[:])
}
