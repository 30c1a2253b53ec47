package azurecloud

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/scanners/azure"
)

// The flags.
const (
	tenantFlag       = "tenant"
	groupFlag        = "management-group"
	subscriptionFlag = "subscription"
	directoryFlag    = "directory"
	cloudFlag        = "cloud"
	exportFlag       = "from-export"
	completeFlag     = "complete"
)

// What the environment puts in scope, where nothing else does.
const (
	scopeVariable        = "POSTURE_AZURE_SCOPE"   // tenants/ID, managementGroups/NAME or subscriptions/ID
	subscriptionVariable = "AZURE_SUBSCRIPTION_ID" // the Azure SDKs' own
)

// directoryVariable says whether the directory is read, "true" or "false", where
// neither a flag nor posture.yaml does; empty: with a tenant.
const directoryVariable = "POSTURE_AZURE_DIRECTORY"

// CloudVariable names the cloud of Azure, where a flag or posture.yaml does not:
// AzureUSGovernment. Of a store in Azure it alone says so, since posture.yaml may
// be in that store.
const CloudVariable = "POSTURE_AZURE_CLOUD"

// Where returns the cloud that the environment names, or else the public one.
func Where(getenv func(string) string) (azure.Cloud, error) {
	name := cmp.Or(getenv(CloudVariable), config.DefaultAzureCloud)
	where, known := azure.Clouds()[name]
	if !known {
		return azure.Cloud{}, fmt.Errorf("%s: %w", CloudVariable, noCloud(name))
	}
	return where, nil
}

// noCloud says which clouds there are.
func noCloud(name string) error {
	return fmt.Errorf("cloud %q: expected AzureCloud, AzureUSGovernment or AzureChinaCloud", name)
}

// chosen is what options put in scope.
type chosen struct {
	cloud.Choice
	settings config.Azure // as flags and environment fill them in
	exports  []string     // files to read instead of the cloud
	complete bool         // nothing was left out of them
}

var errNoScope = errors.New("nothing says what to read: pass --subscription ID, --management-group NAME or --tenant ID, or write it under azure in posture.yaml")

// choose decides what the options put in scope.
func choose(o cloud.Options) (chosen, error) {
	s := chosen{settings: o.Config.Azure, exports: o.Flags[exportFlag], complete: o.Flags.One(completeFlag) != ""}
	given := config.Azure{Tenant: o.Flags.One(tenantFlag), ManagementGroup: o.Flags.One(groupFlag), Subscriptions: o.Flags[subscriptionFlag]}
	if len(s.exports) > 0 && (named(given) || o.Flags.One(directoryFlag) != "") {
		return chosen{}, errors.New("--from-export reads a file and no cloud: leave out --tenant, --management-group, --subscription and --directory")
	}
	if s.complete && len(s.exports) == 0 {
		return chosen{}, errors.New("--complete says that an export lacks nothing: pass the export, too, with --from-export FILE")
	}
	services := o.Flags[cloud.ServicesFlag]
	s.Narrowed = len(services) > 0 || len(s.exports) > 0 || named(o.Config.Azure) && named(given)
	if s.Services = services; len(services) == 0 {
		s.Services = s.settings.Services
	}
	if err := azure.Catalogue().CheckServices(s.Services); err != nil {
		return chosen{}, err
	}
	if named(given) {
		s.settings.Tenant, s.settings.ManagementGroup, s.settings.Subscriptions = given.Tenant, given.ManagementGroup, given.Subscriptions
	}
	if o.Flags.One(directoryFlag) != "" && !s.settings.ReadsDirectory() {
		s.settings.Directory = new(true)
		s.Narrowed = s.Narrowed || named(o.Config.Azure)
	}
	switch text := variable(o.Getenv, directoryVariable); {
	case s.settings.Directory != nil || text == "":
	case text == "true" || text == "false":
		s.settings.Directory = new(text == "true")
	default:
		return chosen{}, fmt.Errorf("%s %q: expected true or false", directoryVariable, text)
	}
	s.settings.Cloud = cmp.Or(o.Flags.One(cloudFlag), s.settings.Cloud, variable(o.Getenv, CloudVariable), config.DefaultAzureCloud)
	return s, s.find(o.Getenv)
}

// named reports whether settings name a scope.
func named(a config.Azure) bool {
	return a.Tenant != "" || a.ManagementGroup != "" || len(a.Subscriptions) > 0
}

// variable returns what the environment says, where there is one.
func variable(getenv func(string) string, name string) string {
	if getenv == nil {
		return ""
	}
	return getenv(name)
}

// find finds out what is in scope, by the environment where nothing else says.
func (s *chosen) find(getenv func(string) string) error {
	if getenv != nil && !named(s.settings) {
		if err := inScope(getenv(scopeVariable), &s.settings); err != nil {
			return fmt.Errorf("%s: %w", scopeVariable, err)
		}
	}
	if getenv != nil && !named(s.settings) && getenv(subscriptionVariable) != "" {
		s.settings.Subscriptions = []string{getenv(subscriptionVariable)}
	}
	if _, known := azure.Clouds()[s.settings.Cloud]; !known {
		return noCloud(s.settings.Cloud)
	}
	if len(s.exports) > 0 {
		return nil
	}
	if !named(s.settings) {
		return errNoScope
	}
	if err := checkScope(s.settings); err != nil {
		return err
	}
	for _, id := range s.settings.Subscriptions {
		s.Targets = append(s.Targets, posture.Target{Provider: posture.Azure, Account: strings.ToLower(id)})
	}
	return nil
}

// checkScope refuses a scope whose ids are no ids, or that is two scopes.
func checkScope(a config.Azure) error {
	kinds := 0
	for _, given := range []bool{a.Tenant != "", a.ManagementGroup != "", len(a.Subscriptions) > 0} {
		if given {
			kinds++
		}
	}
	if kinds > 1 {
		return errors.New("expected one of a tenant, a management group and subscriptions")
	}
	for _, id := range append(slices.Clone(a.Subscriptions), a.Tenant) {
		if id != "" && !config.IsGUID(id) {
			return fmt.Errorf("%q: expected an id such as 11111111-2222-3333-4444-555555555555", id)
		}
	}
	return nil
}

// inScope puts what a text names into scope. An empty text names nothing.
func inScope(text string, a *config.Azure) error {
	switch kind, id, _ := strings.Cut(text, "/"); {
	case text == "":
		return nil
	case id == "":
	case kind == "tenants":
		a.Tenant = id
		return nil
	case kind == "managementGroups":
		a.ManagementGroup = id
		return nil
	case kind == "subscriptions":
		a.Subscriptions = strings.Split(id, ",")
		return nil
	}
	return fmt.Errorf("scope %q: expected tenants/ID, managementGroups/NAME or subscriptions/ID", text)
}

// scope returns what is read.
func (s chosen) root() azure.Root {
	return azure.Root{
		Tenant: s.settings.Tenant, ManagementGroup: s.settings.ManagementGroup, Subscriptions: s.settings.Subscriptions,
		Directory: s.settings.ReadsDirectory(),
	}
}
