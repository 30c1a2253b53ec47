package services

import (
	"context"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// CloudFunction is what rules may ask of a function of either generation. The
// values of its environment are not kept. One of the second generation runs
// as a service of Cloud Run, which decides who reaches it and as whom it runs,
// and can be changed there, too.
type CloudFunction struct {
	SecondGeneration      bool           `json:"second_generation"`       // it is built on Cloud Run
	HTTPTrigger           bool           `json:"http_trigger"`            // it has a URL at which it is called
	HTTPSOnly             bool           `json:"https_only"`              // plain HTTP is redirected to HTTPS; always so of the second generation
	Runtime               string         `json:"runtime"`                 // python313, nodejs22, ...
	ServiceAccount        string         `json:"service_account"`         // as whom it runs; "" for the default one
	DefaultServiceAccount bool           `json:"default_service_account"` // it runs as a default service account of the project
	CredentialVariables   []string       `json:"credential_variables"`    // names of environment variables, also of the build, that hold a credential, by the form of their value or by their name
	VPCAccess             bool           `json:"vpc_access"`              // it reaches a VPC network, by a connector or directly
	Ingress               string         `json:"ingress"`                 // all, internal or internal-and-load-balancer
	InvokerCheckOff       bool           `json:"invoker_check_off"`       // Cloud Run does not ask who calls
	PublicGrants          []engine.Grant `json:"public_grants"`           // grants that let the public call it: its own, and those of its Cloud Run service
	InheritedPublicGrants []engine.Grant `json:"inherited_public_grants"` // the same, of its project, folders and organization
}

const (
	typeFunction      = "cloudfunctions.googleapis.com/Function"      // both generations
	typeCloudFunction = "cloudfunctions.googleapis.com/CloudFunction" // the first one, in the form of its own API
)

// A function of the first generation is listed under both types, and read in
// the form of its own API.
var cloudFunctions = engine.Service{
	Type: scanners.Type{
		Name:    typeFunction,
		Doc:     CloudFunction{},
		Console: scanners.Console{Path: "/functions/details/{locations}/{functions}?project={project}"},
	},
	Of:       typeCloudFunction,
	Also:     []string{typeFunction},
	Versions: []string{"v1", "v2"},
	Policies: []string{"public_grants", "inherited_public_grants"},
	Joins: []engine.Join{
		{Type: typeRunService, For: serviceBehind, Alike: true},
		{Type: typeRunService, For: []string{"public_grants"}, Policies: true},
	},
	Get: []engine.Get{{
		Op: "cloudfunctions.functions.get", Permission: "cloudfunctions.functions.get",
		Root: "https://cloudfunctions.googleapis.com/v2/", Version: "v2",
		Policy: engine.PolicyGet{Op: "cloudfunctions.functions.getIamPolicy", Permission: "cloudfunctions.functions.getIamPolicy", Form: engine.PolicyGotten},
	}},
	Read: readFunction,
}

// serviceBehind are the fields that the service of Cloud Run decides in which a
// function of the second generation runs.
var serviceBehind = []string{
	"public_grants", "invoker_check_off", "ingress", "service_account", "default_service_account", "vpc_access", "credential_variables",
}

// functionData is what is read of a function: of v1 the fields of config are
// the function's own.
type functionData struct {
	engine.Labelled `joined:"-"`
	functionConfig  `joined:"-"`
	Runtime         *string             `gives:"runtime" joined:"-"`
	BuildVariables  credentialVariables `json:"buildEnvironmentVariables" gives:"credential_variables" joined:"-"`
	HTTPS           struct {
		Security string `json:"securityLevel"`
	} `json:"httpsTrigger" gives:"https_only" joined:"-"`
	Event       *struct{} `json:"eventTrigger" gives:"http_trigger" joined:"-"`
	Environment string    `joined:"function_failures"` // of v2: GEN_1 or GEN_2
	Build       *struct {
		Runtime   *string             `gives:"runtime"`
		Variables credentialVariables `json:"environmentVariables" gives:"credential_variables"`
	} `json:"buildConfig" joined:"-"`
	Config *functionConfig `json:"serviceConfig" joined:"function"`
}

type functionConfig struct {
	Account    string              `json:"serviceAccountEmail" gives:"service_account,default_service_account" joined:"-"`
	Ingress    *string             `json:"ingressSettings" gives:"ingress" joined:"-"`
	Connector  string              `json:"vpcConnector" gives:"vpc_access" joined:"-"`
	Interfaces []struct{}          `json:"directVpcNetworkInterface" gives:"vpc_access" joined:"-"`
	Variables  credentialVariables `json:"environmentVariables" gives:"credential_variables" joined:"-"`
	Security   string              `json:"securityLevel" gives:"https_only" joined:"-"`
	Service    string              `gives:"public_grants,invoker_check_off,ingress,service_account,default_service_account,vpc_access,credential_variables"` // of Cloud Run: "projects/p/locations/l/services/s"
}

// flat brings the form of v2 into that of v1. It reports whether all of it is
// there.
func (d *functionData) flat(version string) bool {
	if version == "v1" {
		d.Security = d.HTTPS.Security
		return true
	}
	if d.Config == nil || d.Build == nil || d.Environment != "GEN_1" && d.Environment != "GEN_2" {
		return false
	}
	d.functionConfig, d.Runtime, d.BuildVariables = *d.Config, d.Build.Runtime, d.Build.Variables
	return true
}

func readFunction(ctx context.Context, r *engine.Reading) any {
	var data functionData
	r.Decode(&data)
	if !data.flat(r.Asset.Version) {
		r.Lacks(r.Type, scanners.FieldsOf(CloudFunction{})...)
		return &CloudFunction{}
	}
	second := data.Environment == "GEN_2"
	doc := &CloudFunction{
		SecondGeneration: second, HTTPTrigger: second || data.Event == nil, HTTPSOnly: second || data.Security == "SECURE_ALWAYS",
		Runtime: engine.Need(r, data.Runtime, "runtime"), ServiceAccount: data.Account, DefaultServiceAccount: defaultIdentity(data.Account),
		CredentialVariables: merged(data.Variables, data.BuildVariables), VPCAccess: data.Connector != "" || len(data.Interfaces) > 0,
		PublicGrants:          where(r.Grants("public_grants"), publicInvoker),
		InheritedPublicGrants: where(r.Inherited(ctx, "inherited_public_grants"), publicInvoker),
	}
	if second {
		readServiceBehind(r, data.Service, doc)
	} else {
		doc.Ingress = ingressOf(engine.Need(r, data.Ingress, "ingress"))
	}
	return doc
}

// readServiceBehind reads of a function what its Cloud Run service decides.
// Credentials that the function itself has are known without it.
func readServiceBehind(r *engine.Reading, service string, doc *CloudFunction) {
	fields := serviceBehind
	if len(doc.CredentialVariables) > 0 {
		fields = fields[:len(fields)-1]
	}
	if !r.Wants(fields...) {
		return
	}
	behind := engine.Sibling(r, typeRunService, func(s *engine.Joined[runData]) bool { return samePlace(s.Name, service) }, fields...)
	if behind == nil {
		r.Lacks(typeRunService, fields...)
		return
	}
	settings := settingsOf(r, &behind.Data, fields...)
	doc.InvokerCheckOff, doc.Ingress, doc.VPCAccess = settings.InvokerCheckOff, settings.Ingress, settings.VPCAccess
	doc.ServiceAccount, doc.DefaultServiceAccount = settings.Account, defaultIdentity(settings.Account)
	doc.CredentialVariables = merged(append(settings.Variables, doc.CredentialVariables)...)
	doc.PublicGrants = append(doc.PublicGrants, where(r.GrantsOn(typeRunService, behind.Name, "public_grants"), publicInvoker)...)
}

// samePlace reports whether two names of one project are of the same resource,
// whether they have the project's id in them or its number.
func samePlace(one, other string) bool {
	_, a, _ := strings.Cut(one, "/locations/")
	_, b, _ := strings.Cut(other, "/locations/")
	return a == b && a != ""
}

// publicInvoker reports whether the grant may let the public call a function
// or a service. Of roles that are not known to do no such thing it is said to.
func publicInvoker(g engine.Grant) bool {
	switch g.Role {
	case "roles/browser", "roles/viewer", "roles/run.viewer", "roles/cloudfunctions.viewer":
		return false
	}
	return toPublic(g)
}

// defaultIdentity reports whether an account is one of those that Google makes
// for a project, which are taken where none is named.
func defaultIdentity(email string) bool {
	return email == "" || defaultServiceAccount(email) || strings.HasSuffix(email, "@appspot.gserviceaccount.com")
}

// ingressOf returns one word for from where calls may come, whatever the API
// calls it. Words that are not known stay as they are.
func ingressOf(word string) string {
	switch word {
	case "ALLOW_ALL", "INGRESS_TRAFFIC_ALL":
		return "all"
	case "ALLOW_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_ONLY":
		return "internal"
	case "ALLOW_INTERNAL_AND_GCLB", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "internal-and-cloud-load-balancing":
		return "internal-and-load-balancer"
	case "INGRESS_TRAFFIC_NONE":
		return "none"
	}
	return word
}
