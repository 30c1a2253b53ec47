// Package posture is the vocabulary of the scanner: targets, resources, rules,
// findings and the reasons why something could not be read. It holds types
// and the few pure functions on them, does no I/O and imports nothing else of
// this module. Begin with Resource, Rule and Finding.
package posture

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Provider is a cloud provider.
type Provider string

// The providers.
const (
	AWS   Provider = "aws"
	GCP   Provider = "gcp"
	Azure Provider = "azure"
)

// Target is one account, project or subscription with the regions to read.
type Target struct {
	Provider Provider `json:"provider"`
	Account  string   `json:"account"`           // account id, project id or subscription id
	Name     string   `json:"name,omitempty"`    // the name that people use for it
	Regions  []string `json:"regions,omitempty"` // empty: every enabled region
}

// String returns the target as provider/account, as in "aws/111122223333".
func (t Target) String() string { return string(t.Provider) + "/" + t.Account }

// Global is the region of resources that belong to no region.
const Global = "global"

// Resource is one thing in the cloud, as one scan saw it.
type Resource struct {
	Provider Provider          `json:"provider"`
	Account  string            `json:"account"`
	Region   string            `json:"region"`         // Global for what has none
	Type     string            `json:"type"`           // the provider's own name: AWS::S3::Bucket
	ID       string            `json:"id"`             // ARN, full resource name or ARM id
	Name     string            `json:"name"`           // what people call it; falls back to ID
	Link     string            `json:"link,omitempty"` // where the provider's console shows it; "" for nowhere
	Tags     map[string]string `json:"tags,omitempty"`
	Doc      any               `json:"doc"` // the scanner's document struct (a value or a pointer to one)
	Unread   []Unread          `json:"unread,omitempty"`
	Updated  time.Time         `json:"updated,omitzero"` // when the inventory that it was read from last saw it change; the zero time: read directly
	Direct   *Direct           `json:"direct,omitempty"` // what of it was read a second time, past the inventory; nil: nothing
}

// The fields that every resource has and that can be unread, since they may
// come from a call of their own.
const (
	FieldName = "name"
	FieldTags = "tags"
)

// WhyUnread returns why the field itself was not read; false: it was.
func (r Resource) WhyUnread(field string) (Cause, bool) {
	for _, u := range r.Unread {
		if u.Field == field {
			return u.Cause, true
		}
	}
	return Cause{}, false
}

// Unread names one field of a resource's document that could not be read, as
// a dotted path of JSON names ("policy.denies_insecure_transport"), or FieldName
// or FieldTags, and why. All below the path counts as unread too.
type Unread struct {
	Field  string `json:"field"`
	Cause  Cause  `json:"cause"`
	Beside bool   `json:"beside,omitempty"` // it is evidence beside other fields, which may not exist: rules are judged without it
}

// Population says how many resources of a type one place holds, and whether
// that is all of them.
type Population struct {
	Type     string `json:"type"`
	Region   string `json:"region"`
	Count    int    `json:"count"`
	Complete bool   `json:"complete"`
	Cause    *Cause `json:"cause,omitempty"` // why it is not complete
}

// ScanReport is what a scan of one target says of itself.
type ScanReport struct {
	Populations []Population   `json:"populations"`
	Calls       map[string]int `json:"calls"`            // API calls made, by operation, retries not counted
	Caller      string         `json:"caller,omitempty"` // the identity that made them
	Rechecks    []Recheck      `json:"rechecks,omitempty"`
	Said        []Saying       `json:"said,omitempty"`      // what the provider wrote about what was not read, for the operator
	Disagreed   map[string]int `json:"disagreed,omitempty"` // verdicts of the provider's own that differ from ours, by the operation that returned them
}

// Want says what enabled rules read: for each resource type the top-level
// fields of its document. A type that is not in it need not be scanned, a
// field that is not in its type's list need not be fetched.
type Want map[string][]string

// Field reports whether a rule reads the field, or something below it.
func (w Want) Field(typ, field string) bool {
	top, _, _ := strings.Cut(field, ".")
	return slices.Contains(w[typ], top)
}

// Status is the outcome of a rule on a resource.
type Status string

// The statuses.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Unknown Status = "unknown"
)

// Severity ranks a rule.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities lists the severities, the most severe first.
var Severities = []Severity{Critical, High, Medium, Low}

// AtLeast reports whether s is at least as severe as floor. An unknown
// severity is below all others.
func (s Severity) AtLeast(floor Severity) bool { return s.Rank() <= floor.Rank() }

// Rank returns 0 for the most severe severity, and more for less severe ones.
func (s Severity) Rank() int {
	for i, known := range Severities {
		if s == known {
			return i
		}
	}
	return len(Severities)
}

// Category is the technical field of a rule.
type Category string

// The categories.
const (
	Encryption    Category = "encryption"
	Logging       Category = "logging"
	IAM           Category = "iam"
	Backup        Category = "backup"
	Redundancy    Category = "redundancy"
	Network       Category = "network"
	Monitoring    Category = "monitoring"
	Vulnerability Category = "vulnerability"
)

// Categories lists the categories in the order in which people read them.
var Categories = []Category{Encryption, Logging, IAM, Backup, Redundancy, Network, Monitoring, Vulnerability}

// Rule is what people need to know of a rule: all of it but the means of
// judging. A run stores the rules that it used in this form.
type Rule struct {
	ID         string   `json:"id"`
	Provider   Provider `json:"provider,omitempty"` // whose resources it judges
	Title      string   `json:"title"`
	Type       string   `json:"resource"` // the resource type that it judges
	Category   Category `json:"category"`
	Severity   Severity `json:"severity"`
	SOC2       []string `json:"soc2"` // criteria that it supports
	Why        string   `json:"why"`
	Require    string   `json:"require"` // the expression that must hold
	Params     []Param  `json:"params,omitempty"`
	Fix        Fix      `json:"fix"`
	References []string `json:"references,omitempty"`
	Digest     string   `json:"digest"` // sha256 of all that decides its findings, parameters included
}

// Param is a parameter of a rule, with the value that is in effect.
type Param struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	About string `json:"about,omitempty"` // what it is, in a few words
}

// Finding is one rule's outcome on one resource.
type Finding struct {
	Fingerprint string     `json:"fingerprint"`
	Rule        string     `json:"rule"`
	Provider    Provider   `json:"provider"`
	Account     string     `json:"account"`
	Region      string     `json:"region"`
	Type        string     `json:"type"`
	Resource    string     `json:"resource"` // the resource's id; for a listing that was incomplete, the scope (see ScopeID)
	Name        string     `json:"name"`
	Link        string     `json:"link,omitempty"`  // where the provider's console shows the resource; "" for nowhere
	Listing     bool       `json:"scope,omitempty"` // the finding is about all resources of the type in the region
	Status      Status     `json:"status"`
	Evidence    []Value    `json:"evidence,omitempty"` // the fields that the rule read, with their values
	Unknown     []Unread   `json:"unknown,omitempty"`  // why the status is unknown
	Beside      []Unread   `json:"beside,omitempty"`   // evidence that was not read, and that the status was found without
	Sentence    string     `json:"sentence,omitempty"` // how the resource fails, in one sentence; "": the rule has none, or a value was not read
	Command     string     `json:"command,omitempty"`  // what fixes it, for a shell, values quoted; "": there is none
	Owner       string     `json:"owner,omitempty"`
	Exemption   *Exemption `json:"exemption,omitempty"` // a live or an expired acceptance that it fails, or a live one that it is unknown; never changes the status

	// What comes from a second call may not have been read. Then Name is the
	// last part of the id, Owner is empty, and earlier runs may know better.
	NameUnread  bool `json:"name_unread,omitempty"`
	OwnerUnread bool `json:"owner_unread,omitempty"`
}

// Value is a field that a rule read and what it held.
type Value struct {
	Path  string `json:"path"`           // "resource.versioning"
	Value any    `json:"value"`          // null: a time that never was
	Idle  bool   `json:"idle,omitempty"` // empty, and the finding fails whatever it holds
}

// Exemption refers to a person's acceptance of a failing finding, or of what is not
// read.
type Exemption struct {
	ID      string `json:"id"`
	Expires Day    `json:"expires"` // the last day on which it holds
	Expired bool   `json:"expired,omitempty"`
	Unread  bool   `json:"unread,omitempty"` // whether it covers the finding turns on a name or on tags that were not read
}

// Live reports whether something is accepted for now.
func (e *Exemption) Live() bool { return e != nil && !e.Expired && !e.Unread }

// Fingerprint returns the identity of a finding across runs: the hex sha256
// of the rule's id, provider, account, region and resource id, each preceded
// by its length so that no two tuples run together.
func Fingerprint(rule string, provider Provider, account, region, resource string) string {
	var text []byte
	for _, part := range [...]string{rule, string(provider), account, region, resource} {
		text = strconv.AppendInt(text, int64(len(part)), 10)
		text = append(append(text, ':'), part...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ScopeID returns the resource id of a finding about all resources
// of a type in one region of a target, used when their listing is incomplete.
func ScopeID(target Target, region, typ string) string {
	return target.String() + "/" + region + "/" + typ
}
