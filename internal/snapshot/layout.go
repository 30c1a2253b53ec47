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
	slotFormat  = "20060102T150405Z"
)

var (
	idForm      = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[a-z0-9][a-z0-9-]{0,40}$`)
	attemptForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// SlotID returns the id of the run that is due at slot and covers scope, a
// word of lower-case letters, digits and hyphens: "20261122T010000Z-aws". Ids
// sort by time.
func SlotID(slot time.Time, scope string) string {
	return slot.UTC().Format(slotFormat) + "-" + scope
}

// ParseID returns what a run id was made of.
func ParseID(id string) (slot time.Time, scope string, err error) {
	if idForm.MatchString(id) {
		when, rest, _ := strings.Cut(id, "-")
		if slot, err = time.Parse(slotFormat, when); err == nil {
			return slot, rest, nil
		}
	}
	return time.Time{}, "", fmt.Errorf("run id %.80q is not like 20261122T010000Z-aws", id)
}

// dayPrefix is where the runs of a day are.
func dayPrefix(day time.Time) string { return runsPrefix + day.UTC().Format("2006/01/02") + "/" }

// runPrefix is where a run is. The id must be one that ParseID takes.
func runPrefix(id string) string {
	return runsPrefix + id[:4] + "/" + id[4:6] + "/" + id[6:8] + "/" + id + "/"
}

func runKey(id string) string      { return runPrefix(id) + "run.json" }
func manifestKey(id string) string { return runPrefix(id) + "manifest.json" }

// partPrefix is where a target's files of a run are.
func partPrefix(id string, target posture.Target) string {
	return runPrefix(id) + target.String() + "/"
}

func partKey(id string, target posture.Target) string { return partPrefix(id, target) + "part.json" }

// ToldPrefix is where the files are that say what people were told. Which of
// them count is not told by their keys.
const ToldPrefix = "state/told/"

// ToldKey returns the key of what people were told of a target by a run, as
// one attempt at publishing it has it; see Sorted for its form.
func ToldKey(target posture.Target, run, attempt string) string {
	return ToldPrefix + target.String() + "/" + run + "." + attempt + ".ndjson.zst"
}

func chainKey(sequence int) string { return fmt.Sprintf("%s%08d.json", chainPrefix, sequence) }

// chainSequence returns the sequence number in a key of the chain.
func chainSequence(key string) (int, bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(key, chainPrefix), ".json")
	sequence, err := strconv.Atoi(digits)
	return sequence, ok && err == nil && chainKey(sequence) == key
}

// runOf returns the id of the run that a key belongs to.
func runOf(key string) (string, bool) {
	parts := strings.SplitN(key, "/", 6)
	if len(parts) < 6 {
		return "", false
	}
	if _, _, err := ParseID(parts[4]); err != nil {
		return "", false
	}
	return parts[4], strings.HasPrefix(key, runPrefix(parts[4]))
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
