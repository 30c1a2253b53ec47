package services

import (
	"context"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// RunService is what rules may ask of a service of Cloud Run. The values of
// its environment are not kept.
type RunService struct {
	Function              string         `json:"function"`                // the function of the second generation that runs in it; "" for none
	ServiceAccount        string         `json:"service_account"`         // as whom it runs; "" for the default one
	DefaultServiceAccount bool           `json:"default_service_account"` // it runs as a default service account of the project
	CredentialVariables   []string       `json:"credential_variables"`    // names of environment variables that hold a credential, by the form of their value or by their name
	VPCAccess             bool           `json:"vpc_access"`              // it reaches a VPC network, by a connector or directly
	Ingress               string         `json:"ingress"`                 // all, internal, internal-and-load-balancer or none
	InvokerCheckOff       bool           `json:"invoker_check_off"`       // Cloud Run does not ask who calls
	PublicGrants          []engine.Grant `json:"public_grants"`           // grants of its own policy that let the public call it
	InheritedPublicGrants []engine.Grant `json:"inherited_public_grants"` // the same, of its project, folders and organization
}

const typeRunService = "run.googleapis.com/Service"

var runServices = engine.Service{
	Type: scanners.Type{
		Name:    typeRunService,
		Doc:     RunService{},
		Console: scanners.Console{Path: "/run/detail/{locations}/{services}?project={project}"},
	},
	Versions: []string{"v1", "v2"},
	Policies: []string{"public_grants", "inherited_public_grants"},
	Joins:    []engine.Join{{Type: typeFunction, For: []string{"function"}}},
	Get: []engine.Get{{
		Op: "run.services.get", Permission: "run.services.get", Root: "https://run.googleapis.com/v2/", Version: "v2",
		Policy: engine.PolicyGet{Op: "run.services.getIamPolicy", Permission: "run.services.getIamPolicy", Form: engine.PolicyGotten},
	}},
	Read: readRunService,
}

// runData is what is read of a service, in the form of v1, which is that of
// Knative, or of v2.
type runData struct {
	Metadata runMetadata
	Spec     *struct {
		Template struct {
			Metadata runMetadata
			Spec     struct {
				Account    string         `json:"serviceAccountName" gives:"service_account,default_service_account"`
				Containers []runContainer `json:"containers" gives:"credential_variables"`
			} `gives:"service_account,default_service_account,credential_variables"`
		} `gives:"service_account,default_service_account,credential_variables,vpc_access"`
	}

	engine.Labelled `gives:"tags,function"`
	Ingress         string `gives:"ingress"`
	InvokerCheckOff bool   `json:"invokerIamDisabled" gives:"invoker_check_off"`
	Template        *struct {
		Account    string         `json:"serviceAccount" gives:"service_account,default_service_account"`
		Containers []runContainer `json:"containers" gives:"credential_variables"`
		VPCAccess  struct {
			Connector  string
			Interfaces []struct{} `json:"networkInterfaces"`
		} `json:"vpcAccess" gives:"vpc_access"`
	}
}

type runMetadata struct {
	engine.Labelled `gives:"tags,function"`
	Annotations     map[string]string `gives:"ingress,invoker_check_off,vpc_access"`
}

type runContainer struct {
	Variables credentialVariables `json:"env"`
}

func (d *runData) Tags() map[string]string {
	if d.Spec != nil {
		return d.Metadata.Labels
	}
	return d.Labels
}

// runSettings is what both forms of a service say.
type runSettings struct {
	Account         string
	Ingress         string
	VPCAccess       bool
	InvokerCheckOff bool
	Variables       []credentialVariables
}

// settingsOf returns what a service says in either form. Where it is in
// neither, it marks the fields as unread.
func settingsOf(r *engine.Reading, d *runData, fields ...string) runSettings {
	var s runSettings
	switch {
	case d.Spec != nil:
		s = d.ofKnative()
	case d.Template != nil:
		s = d.ofV2()
	default:
		r.Lacks(typeRunService, fields...)
		return s
	}
	if s.Ingress == "" {
		r.Lacks(typeRunService, "ingress")
	}
	return s
}

// ofKnative reads the form of v1, where most is in annotations. Without one,
// calls may come from everywhere.
func (d *runData) ofKnative() runSettings {
	own, inner := d.Metadata.Annotations, d.Spec.Template.Metadata.Annotations
	s := runSettings{
		Account: d.Spec.Template.Spec.Account, Ingress: "all",
		VPCAccess:       inner["run.googleapis.com/vpc-access-connector"] != "" || inner["run.googleapis.com/network-interfaces"] != "",
		InvokerCheckOff: strings.EqualFold(own["run.googleapis.com/invoker-iam-disabled"], "true"),
		Variables:       variablesOf(d.Spec.Template.Spec.Containers),
	}
	if word := own["run.googleapis.com/ingress"]; word != "" {
		s.Ingress = ingressOf(word)
	}
	return s
}

// ofV2 reads the form of v2. Without an active revision it does not say from
// where calls may come.
func (d *runData) ofV2() runSettings {
	s := runSettings{
		Account: d.Template.Account, Ingress: ingressOf(d.Ingress), InvokerCheckOff: d.InvokerCheckOff,
		VPCAccess: d.Template.VPCAccess.Connector != "" || len(d.Template.VPCAccess.Interfaces) > 0,
		Variables: variablesOf(d.Template.Containers),
	}
	if d.Ingress == "INGRESS_TRAFFIC_UNSPECIFIED" {
		s.Ingress = ""
	}
	return s
}

func variablesOf(containers []runContainer) []credentialVariables {
	var found []credentialVariables
	for _, c := range containers {
		found = append(found, c.Variables)
	}
	return found
}

func readRunService(ctx context.Context, r *engine.Reading) any {
	var data runData
	r.Decode(&data)
	s := settingsOf(r, &data, scanners.FieldsOf(RunService{})...)
	doc := &RunService{
		ServiceAccount: s.Account, DefaultServiceAccount: defaultIdentity(s.Account), CredentialVariables: merged(s.Variables...),
		VPCAccess: s.VPCAccess, Ingress: s.Ingress, InvokerCheckOff: s.InvokerCheckOff,
		PublicGrants:          where(r.Grants("public_grants"), publicInvoker),
		InheritedPublicGrants: where(r.Inherited(ctx, "inherited_public_grants"), publicInvoker),
	}
	doc.Function = functionIn(r, data.Tags())
	return doc
}

// functionIn returns the function that runs in the service, "" for none. Where
// not all functions were read, only a service that Cloud Functions manages, by
// its labels, may be one.
func functionIn(r *engine.Reading, labels map[string]string) string {
	if !r.Wants("function") {
		return ""
	}
	functions, err := engine.OwnedBy[functionData](r, typeFunction, r.Owner().Key, "function")
	for _, function := range functions {
		if config := function.Data.Config; config != nil && samePlace(r.Asset.Name, config.Service) {
			return engine.LastOf(function.Name)
		}
	}
	if labels["goog-managed-by"] == "cloudfunctions" || labels["goog-cloudfunctions-runtime"] != "" {
		r.Got(err, "function")
	}
	return ""
}
