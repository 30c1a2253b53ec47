package awscloud

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/scanners/aws"
)

// The flags.
const (
	profileFlag  = "profile"
	roleFlag     = "role-arn"
	externalFlag = "external-id"
	regionsFlag  = "regions"
)

// Where no configuration says which accounts to scan: the role of every
// account of the organization.
const (
	roleVariable     = "POSTURE_ORGANIZATION_ROLE"
	externalVariable = "POSTURE_EXTERNAL_ID"
)

// chosen is what options put in scope.
type chosen struct {
	cloud.Choice
	settings config.AWS // as the environment fills them in
	profile  string     // of the flag
	at       string     // profile of the credentials at hand, by flag or environment, as far as that is known
	role     aws.Role   // instead of the configured accounts: the one account of this role
	session  string     // name of the sessions of assumed roles
	sample   bool
}

// choose decides what the options put in scope.
func choose(o cloud.Options) (chosen, error) {
	s := chosen{settings: o.Config.AWS, profile: o.Flags.One(profileFlag), sample: o.Sample}
	if s.at = s.profile; s.at == "" && o.Getenv != nil {
		s.at = o.Getenv("AWS_PROFILE")
	}
	s.session = sessionName(o.Getenv)
	s.fillIn(o.Getenv)
	s.role = aws.Role{ARN: o.Flags.One(roleFlag), ExternalID: o.Flags.One(externalFlag), Session: s.session}
	if s.role.ExternalID != "" && s.role.ARN == "" {
		return chosen{}, errors.New("--external-id needs --role-arn")
	}
	regions, services := o.Flags[regionsFlag], o.Flags[cloud.ServicesFlag]
	s.Narrowed = len(regions) > 0 || len(services) > 0 || !s.configured() || s.role.ARN != "" || s.profile != ""
	s.Other = s.profile != ""
	s.Regions = slices.Compact(slices.Sorted(slices.Values(orElse(regions, s.settings.Regions))))
	s.Services = orElse(services, s.settings.Services)
	if err := aws.Catalogue().CheckServices(s.Services); err != nil {
		return chosen{}, err
	}
	var err error
	s.Targets, err = s.known(len(regions) > 0)
	return s, err
}

// callers are the variables that name who runs posture: the stack of the
// functions, or the person.
var callers = []string{"POSTURE_STACK", "USER", "USERNAME"}

// notInSessions is what the name of a session may not hold.
var notInSessions = regexp.MustCompile(`[^\w+=,.@-]+`)

// sessionName returns the name by which the audit logs of other accounts show
// whose call it was: of at most 64 characters, "posture-alice".
func sessionName(getenv func(string) string) string {
	const most = 64
	name := "posture"
	if getenv == nil {
		return name
	}
	for _, variable := range callers {
		if caller := notInSessions.ReplaceAllString(getenv(variable), "-"); caller != "" {
			name += "-" + caller
			break
		}
	}
	return name[:min(len(name), most)]
}

// fillIn takes the role of an organization from the environment where the
// configuration names no account.
func (s *chosen) fillIn(getenv func(string) string) {
	if getenv == nil || s.configured() {
		return
	}
	if role := getenv(roleVariable); role != "" {
		s.settings.Organization = &config.Organization{Role: role, ExternalID: getenv(externalVariable)}
	}
}

// configured reports whether the configuration names accounts. One that names
// none leaves it to the credentials of the day which one is read: other
// accounts are not out of scope then.
func (s chosen) configured() bool {
	return len(s.settings.Accounts) > 0 || s.settings.Organization != nil
}

// known returns the accounts that are known without a call.
func (s chosen) known(regionsGiven bool) ([]posture.Target, error) {
	switch {
	case s.role.ARN != "":
		parsed, err := arn.Parse(s.role.ARN)
		if err != nil || parsed.Service != "iam" {
			return nil, fmt.Errorf("role %q: expected arn:aws:iam::ACCOUNT:role/NAME", s.role.ARN)
		}
		return []posture.Target{{Provider: posture.AWS, Account: parsed.AccountID, Regions: s.Regions}}, nil
	case s.profile != "":
		return nil, nil
	}
	var targets []posture.Target
	for _, account := range s.settings.Accounts {
		regions := s.Regions
		if !regionsGiven {
			regions = orElse(account.Regions, regions)
		}
		targets = append(targets, posture.Target{Provider: posture.AWS, Account: account.ID, Name: account.Name, Regions: regions})
	}
	return targets, nil
}

// orElse returns the first list, or the second where the first is empty.
func orElse(first, second []string) []string {
	if len(first) > 0 {
		return first
	}
	return second
}
