package gcpcloud

import (
	"cmp"
	"errors"
	"fmt"

	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/scanners/gcp"
)

// The flags.
const (
	organizationFlag = "organization"
	folderFlag       = "folder"
	projectFlag      = "project"
	impersonateFlag  = "impersonate-service-account"
	exportFlag       = "from-export"
	completeFlag     = "complete"
)

// What the environment puts in scope, where nothing else does.
const (
	scopeVariable   = "POSTURE_GCP_SCOPE"    // organizations/N, folders/N or projects/ID
	projectVariable = "GOOGLE_CLOUD_PROJECT" // gcloud's own
)

// chosen is what options put in scope.
type chosen struct {
	cloud.Choice
	settings config.GCP // as flags and environment fill them in
	exports  []string   // files to read instead of the cloud
	complete bool       // nothing was left out of them
}

// choose decides what the options put in scope.
func choose(o cloud.Options) (chosen, error) {
	s := chosen{settings: o.Config.GCP, exports: o.Flags[exportFlag], complete: o.Flags.One(completeFlag) != ""}
	given := config.GCP{Organization: o.Flags.One(organizationFlag), Folder: o.Flags.One(folderFlag), Projects: o.Flags[projectFlag]}
	impersonate, services := o.Flags.One(impersonateFlag), o.Flags[cloud.ServicesFlag]
	if len(s.exports) > 0 && (named(given) || impersonate != "") {
		return chosen{}, errors.New("--from-export reads a file and no cloud: leave out --organization, --folder, --project and --impersonate-service-account")
	}
	if s.complete && len(s.exports) == 0 {
		return chosen{}, errors.New("--complete says that an export lacks nothing: pass the export, too, with --from-export FILE")
	}
	s.Narrowed = len(services) > 0 || len(s.exports) > 0 || named(o.Config.GCP) && named(given)
	if s.Services = services; len(services) == 0 {
		s.Services = s.settings.Services
	}
	if err := gcp.Catalogue().CheckServices(s.Services); err != nil {
		return chosen{}, err
	}
	if named(given) {
		s.settings.Organization, s.settings.Folder, s.settings.Projects = given.Organization, given.Folder, given.Projects
	}
	s.settings.Impersonate = cmp.Or(impersonate, s.settings.Impersonate)
	return s, s.find(o.Getenv)
}

// named reports whether settings name a scope.
func named(g config.GCP) bool { return g.Organization != "" || g.Folder != "" || len(g.Projects) > 0 }

// find finds out what is in scope, by the environment where nothing else says.
func (s *chosen) find(getenv func(string) string) error {
	if getenv != nil && !named(s.settings) {
		if err := inScope(getenv(scopeVariable), &s.settings); err != nil {
			return fmt.Errorf("%s: %w", scopeVariable, err)
		}
	}
	if getenv != nil && !named(s.settings) && getenv(projectVariable) != "" {
		s.settings.Projects = []string{getenv(projectVariable)}
	}
	if len(s.exports) > 0 {
		return nil
	}
	roots, err := rootsOf(s.settings)
	if err == nil && len(roots) == 0 {
		err = errNoScope
	}
	for _, root := range roots {
		s.Targets = append(s.Targets, posture.Target{Provider: posture.GCP, Account: root.String()})
	}
	return err
}
