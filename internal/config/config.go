// Package config is posture.yaml: what to scan, which rules with which
// parameters, who owns what, whom to notify of what, and which findings are
// accepted for a time. It is read strictly; it holds no secrets, only their
// names. Begin with Load.
package config

import (
	"crypto/sha256"
	_ "embed" // for the schema
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// Config is a whole posture.yaml. The zero value, with Defaults filled in, is
// a valid one: the account of the credentials, all rules, no Slack.
type Config struct {
	Version    int        `yaml:"version" json:"version,omitempty"`
	Store      string     `yaml:"store" json:"store,omitempty"`
	AWS        AWS        `yaml:"aws" json:"aws"`
	GCP        GCP        `yaml:"gcp" json:"gcp,omitzero"`
	Azure      Azure      `yaml:"azure" json:"azure,omitzero"`
	Rules      Rules      `yaml:"rules" json:"rules"`
	Alerts     Alerts     `yaml:"alerts" json:"alerts"`
	Owners     Owners     `yaml:"owners" json:"owners"`
	Slack      Slack      `yaml:"slack" json:"slack"`
	Exemptions Exemptions `yaml:"exemptions" json:"exemptions"`

	file *yamlfile.File // where it was read from, for errors; nil for none
}

// AWS is what to scan on AWS.
type AWS struct {
	Regions      []string      `yaml:"regions" json:"regions,omitempty"`   // empty: every enabled region
	Services     []string      `yaml:"services" json:"services,omitempty"` // empty: all
	Accounts     []AWSAccount  `yaml:"accounts" json:"accounts,omitempty"`
	Organization *Organization `yaml:"organization" json:"organization,omitempty"`
}

// AWSAccount is one AWS account. Without a role it is read with the credentials
// at hand, which must then belong to it.
type AWSAccount struct {
	ID         string   `yaml:"id" json:"id"`
	Name       string   `yaml:"name" json:"name,omitempty"`
	RoleARN    string   `yaml:"role_arn" json:"role_arn,omitempty"`
	ExternalID string   `yaml:"external_id" json:"-"` // not a secret, but nobody else's business
	Regions    []string `yaml:"regions" json:"regions,omitempty"`
}

// Organization lists the accounts of an AWS organization and names the role
// to assume in each.
type Organization struct {
	Role       string   `yaml:"role" json:"role"` // name, with its path: "posture-scan"
	ExternalID string   `yaml:"external_id" json:"-"`
	Exclude    []string `yaml:"exclude" json:"exclude,omitempty"` // account ids
}

// GCP is what to scan on Google Cloud: an organization, a folder, or projects
// by their ids. At most one of the three is set; none: nothing is in scope.
type GCP struct {
	Organization string   `yaml:"organization" json:"organization,omitempty"` // its number
	Folder       string   `yaml:"folder" json:"folder,omitempty"`             // its number
	Projects     []string `yaml:"projects" json:"projects,omitempty"`
	Impersonate  string   `yaml:"impersonate" json:"impersonate,omitempty"` // service account to read as; empty: the credentials at hand
	Exclude      []string `yaml:"exclude" json:"exclude,omitempty"`         // project ids to leave out
	Services     []string `yaml:"services" json:"services,omitempty"`       // empty: all
	Recheck      *bool    `yaml:"recheck" json:"recheck,omitempty"`         // read what starts to fail once more, directly; default true
}

// Rechecks reports whether what starts to fail is read once more.
func (g GCP) Rechecks() bool { return g.Recheck == nil || *g.Recheck }

// Azure is what to scan on Azure: a tenant, a management group, or
// subscriptions by their ids. At most one of the three is set; none: nothing is
// in scope.
type Azure struct {
	Tenant          string   `yaml:"tenant" json:"tenant,omitempty"`                     // its id
	ManagementGroup string   `yaml:"management_group" json:"management_group,omitempty"` // its name
	Subscriptions   []string `yaml:"subscriptions" json:"subscriptions,omitempty"`       // ids
	Exclude         []string `yaml:"exclude" json:"exclude,omitempty"`                   // ids of subscriptions to leave out
	Directory       *bool    `yaml:"directory" json:"directory,omitempty"`               // read the tenant's directory; default: with a tenant
	Services        []string `yaml:"services" json:"services,omitempty"`                 // empty: all
	Cloud           string   `yaml:"cloud" json:"cloud,omitempty"`                       // default AzureCloud
	Recheck         *bool    `yaml:"recheck" json:"recheck,omitempty"`                   // read what starts to fail once more, directly; default true
}

// DefaultAzureCloud is the public cloud, as the Azure CLI names it.
const DefaultAzureCloud = "AzureCloud"

// Rechecks reports whether what starts to fail is read once more.
func (a Azure) Rechecks() bool { return a.Recheck == nil || *a.Recheck }

// ReadsDirectory reports whether the tenant's directory is read: people who name
// a tenant expect it, those who name subscriptions may have no say in it.
func (a Azure) ReadsDirectory() bool {
	if a.Directory != nil {
		return *a.Directory
	}
	return a.Tenant != ""
}

// Rules selects and adjusts rules.
type Rules struct {
	Directories []string                    `yaml:"directories" json:"directories,omitempty"`
	Disabled    []string                    `yaml:"disabled" json:"disabled,omitempty"`
	Severities  map[string]posture.Severity `yaml:"severities" json:"severities,omitempty"`
	Params      map[string]map[string]any   `yaml:"params" json:"params,omitempty"`
}

// Alerts says what is worth a message.
type Alerts struct {
	Severities    []posture.Severity       `yaml:"severities" json:"severities,omitempty"`           // default: critical, high
	CoverageFloor float64                  `yaml:"coverage_floor" json:"coverage_floor,omitempty"`   // percent; default 95
	DueDays       map[posture.Severity]int `yaml:"due_days" json:"due_days,omitempty"`               // days to fix; default 1, 7, 30, 90
	Attribution   *bool                    `yaml:"attribution" json:"attribution,omitempty"`         // look up who changed it; default true
	ShowEmail     bool                     `yaml:"show_principal_email" json:"show_principal_email"` // default false
	Period        string                   `yaml:"period" json:"period,omitempty"`                   // time between runs, as in "24h"
}

// Owners says whose a resource is: by tag, then by account, then the default.
type Owners struct {
	Tag      string            `yaml:"tag" json:"tag,omitempty"` // default "owner"
	Accounts map[string]string `yaml:"accounts" json:"accounts,omitempty"`
	Default  string            `yaml:"default" json:"default,omitempty"`
}

// Slack says where messages go. The secret is named, never written here.
type Slack struct {
	Channel  string            `yaml:"channel" json:"channel,omitempty"`   // id of the channel for messages that no route matches, C0123456789; only a webhook without routes needs none
	Fallback string            `yaml:"fallback" json:"fallback,omitempty"` // id of the channel to try when one is gone
	Operator string            `yaml:"operator" json:"operator,omitempty"` // id of the channel for the scanner's own problems; default Channel
	Secret   string            `yaml:"secret" json:"secret,omitempty"`     // name of the secret with the bot token or webhook URL
	Mentions map[string]string `yaml:"mentions" json:"mentions,omitempty"` // owner → user or group id, for critical and high
	Weekly   string            `yaml:"weekly" json:"weekly,omitempty"`     // id of the channel for the message about each week, NoWeekly for none; default Channel
	BaseURL  string            `yaml:"base_url" json:"base_url,omitempty"` // under which people read what is in the store, key by key; default the provider's console, where there is one
	Routes   []Route           `yaml:"routes" json:"routes,omitempty"`
}

// NoWeekly is what Slack.Weekly says when nobody is to hear of how a week went.
const NoWeekly = "none"

// Route sends what it matches to a channel. Empty fields match everything;
// the first route that matches wins.
type Route struct {
	Provider posture.Provider `yaml:"provider" json:"provider,omitempty"`
	Account  string           `yaml:"account" json:"account,omitempty"`
	Owner    string           `yaml:"owner" json:"owner,omitempty"`
	Category posture.Category `yaml:"category" json:"category,omitempty"`
	Severity posture.Severity `yaml:"severity" json:"severity,omitempty"`
	Channel  string           `yaml:"channel" json:"channel"`
}

// Exemptions are the accepted findings, and what is accepted not to be read.
type Exemptions struct {
	MaxDays int              `yaml:"max_days" json:"max_days,omitempty"` // the longest time one may hold; default 365
	Items   []Exemption      `yaml:"items" json:"items,omitempty"`
	Causes  []CauseExemption `yaml:"causes" json:"causes,omitempty"`
}

// Exemption is a person's dated, reasoned, expiring acceptance of failing
// findings. It never changes their status.
type Exemption struct {
	ID          string            `yaml:"id" json:"id"`
	Rule        string            `yaml:"rule" json:"rule"`
	Account     string            `yaml:"account" json:"account,omitempty"`   // empty: any
	Resource    string            `yaml:"resource" json:"resource,omitempty"` // pattern on the id or the name, * for any run of characters
	Tags        map[string]string `yaml:"tags" json:"tags,omitempty"`         // all must be there
	Reason      string            `yaml:"reason" json:"reason"`
	Ticket      string            `yaml:"ticket" json:"ticket,omitempty"`
	RequestedBy string            `yaml:"requested_by" json:"requested_by"`
	ApprovedBy  string            `yaml:"approved_by" json:"approved_by"`
	Created     posture.Day       `yaml:"created" json:"created"`
	Expires     posture.Day       `yaml:"expires" json:"expires"` // the last day on which it holds
	Control     string            `yaml:"compensating_control" json:"compensating_control,omitempty"`
}

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of posture.yaml.
func Schema() []byte { return schema }

// Load reads the file. A missing file is an error that wraps fs.ErrNotExist.
func Load(path string) (Config, error) {
	c, err := LoadAll(path)
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// LoadAll is Load for somebody who looks for mistakes: see Inspect.
func LoadAll(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), fmt.Errorf("no configuration at %s: write one, or leave out --config: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return Default(), fmt.Errorf("read the configuration: %w", err)
	}
	return Inspect(path, text)
}

// Parse reads the text of a posture.yaml and fills in the defaults. The name
// is for errors, which tell the places of all mistakes and what was expected.
func Parse(name string, text []byte) (Config, error) {
	c, err := Inspect(name, text)
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// Inspect is Parse for somebody who looks for mistakes: it returns what is right
// in the file beside the error, so that this can be checked further.
func Inspect(name string, text []byte) (Config, error) {
	var c Config
	file, err := yamlfile.Load(name, text, &c)
	if err != nil {
		return Default(), err
	}
	c.file = file
	c.check()
	return c.withDefaults(), file.Err()
}

// Default returns the configuration of an empty file.
func Default() Config { return Config{}.withDefaults() }

// defaultTag is the tag that says whose a resource is.
const defaultTag = "owner"

func (c Config) withDefaults() Config {
	if len(c.Alerts.Severities) == 0 {
		c.Alerts.Severities = []posture.Severity{posture.Critical, posture.High}
	}
	if c.Alerts.CoverageFloor == 0 {
		c.Alerts.CoverageFloor = 95
	}
	if len(c.Alerts.DueDays) == 0 {
		c.Alerts.DueDays = map[posture.Severity]int{posture.Critical: 1, posture.High: 7, posture.Medium: 30, posture.Low: 90}
	}
	if c.Alerts.Period == "" {
		c.Alerts.Period = "24h"
	}
	if c.Owners.Tag == "" {
		c.Owners.Tag = defaultTag
	}
	if c.Exemptions.MaxDays == 0 {
		c.Exemptions.MaxDays = 365
	}
	if c.Slack.Operator == "" {
		c.Slack.Operator = c.Slack.Channel
	}
	return c
}

// Every returns the time between two runs.
func (c Config) Every() time.Duration {
	period, err := time.ParseDuration(c.Alerts.Period)
	if err != nil { // checked when it was read; the zero Config has none
		return 24 * time.Hour
	}
	return period
}

// Attributes reports whether to look up who made a change.
func (c Config) Attributes() bool { return c.Alerts.Attribution == nil || *c.Alerts.Attribution }

// Digest returns the hex sha256 of all settings that decide what a run says.
func (c Config) Digest() string {
	text, err := json.Marshal(c)
	if err != nil { // no field of Config can fail to encode but the params' values
		text = []byte(err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Floor returns the lowest severity that people are notified of.
func (a Alerts) Floor() posture.Severity {
	floor := posture.Critical
	for _, severity := range a.Severities {
		if floor.AtLeast(severity) {
			floor = severity
		}
	}
	return floor
}
