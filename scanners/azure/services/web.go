package services

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// WebApp is what rules may ask of an app of App Service, of a function app, or
// of a deployment slot of one.
type WebApp struct {
	FunctionApp bool   `json:"function_app"`
	LogicApp    bool   `json:"logic_app"`    // a standard logic app, which runs as a function app
	OffPlatform bool   `json:"off_platform"` // it runs in Container Apps or on a Kubernetes cluster, which have settings of their own
	Plan        string `json:"plan"`         // the tier of its plan: "Free", "PremiumV3", "Dynamic" for Consumption, "FlexConsumption"

	HTTPSOnly       bool   `json:"https_only"`       // plain HTTP is redirected
	MinTLS          string `json:"min_tls"`          // the oldest version that is accepted: "1.0", "1.2"
	DeployMinTLS    string `json:"deploy_min_tls"`   // the same of its deployment site, SCM
	FTP             string `json:"ftp"`              // "AllAllowed", "FtpsOnly", "Disabled"
	AnyOrigin       bool   `json:"any_origin"`       // CORS allows "*"
	RemoteDebugging bool   `json:"remote_debugging"` // a debugger may attach
	HTTP2           bool   `json:"http2"`

	SignIn             bool       `json:"sign_in"`             // App Service turns away whoever is not signed in
	ClientCertificates bool       `json:"client_certificates"` // every caller must show one
	ManagedIdentity    bool       `json:"managed_identity"`    // it has one, of its own or assigned
	AdminRoles         []HeldRole `json:"admin_roles"`         // of a function app's identity: those that may change everything, or give themselves that
	AnonymousFunctions []string   `json:"anonymous_functions"` // names of its functions that HTTP calls without a key

	AnyNetwork bool `json:"any_network"` // every network reaches it
	VNet       bool `json:"vnet"`        // it reaches private networks through a subnet, or its environment is in one

	HTTPLogs    bool `json:"http_logs"`    // requests are logged by a diagnostic setting
	AppInsights bool `json:"app_insights"` // linked to an Application Insights resource that exists

	Linux      bool      `json:"linux"`       // not Windows
	OwnRuntime bool      `json:"own_runtime"` // its container or custom handler brings its runtime
	Runtime    string    `json:"runtime"`     // "python 3.11", "node 20", "dotnet 8", "java 17"
	RuntimeEnd time.Time `json:"runtime_end"` // from when the runtime gets no more security fixes

	Managed bool `json:"managed"` // another service made it and keeps it
}

// What of a WebApp the site's configuration and its sign-in tell.
var (
	webConfigFields = []string{
		"min_tls", "deploy_min_tls", "ftp", "any_origin", "remote_debugging", "http2", "own_runtime", "runtime", "runtime_end", "any_network",
	}
	webFields = []string{"function_app", "logic_app", "off_platform"} // by the kind
)

const (
	webVersion = "2024-11-01"

	webConfig    = "config/web"
	webSignIn    = "config/authsettingsV2"
	webFunctions = "functions"
	webEndpoints = "privateEndpointConnections"
)

var webApps = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Web/sites",
		Service: "appservice",
		Doc:     WebApp{},
		Calls: slices.Concat(
			webCalls(webConfig, webConfigFields...),
			webCalls(webSignIn, "sign_in"),
			webCalls(webFunctions, "anonymous_functions"),
			webCalls(webEndpoints, "any_network")[:1], // of slots no permission shows them
			[]scanners.Call{diagnosticCall("http_logs"), {Op: readRoleAssignments, For: []string{"admin_roles"}}, {Op: readRoleDefinitions, For: []string{"admin_roles"}}, membersCall("admin_roles")},
		),
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also: []string{"Microsoft.Web/sites/slots"},
	Joins: []engine.Join{
		{Type: "Microsoft.Insights/components", For: []string{"app_insights"}},
		{Type: "Microsoft.Web/hostingEnvironments", For: []string{"any_network"}},
	},
	Get:     webVersion,
	AlsoGet: map[string]string{"Microsoft.Web/sites/slots": webVersion},
	Read:    readWebApp,
}

// webCalls declares a read below each site, and below each slot: these have
// permissions of their own, and few sites have any.
func webCalls(path string, fields ...string) []scanners.Call {
	return []scanners.Call{
		{Op: webOp("Microsoft.Web/sites", path), Permission: webPermission("Microsoft.Web/sites", path), Each: true, For: fields},
		{Op: webOp("Microsoft.Web/sites/slots", path), Permission: webPermission("Microsoft.Web/sites/slots", path), For: fields},
	}
}

func webOp(typ, path string) string { return typ + "/" + path + "/read" }

// webPermission returns what a read needs: one for all kinds of configuration
// that hold no secret.
func webPermission(typ, path string) string {
	first, _, _ := strings.Cut(path, "/")
	return typ + "/" + first + "/read"
}

// isSlot reports whether a site is a slot of one.
func isSlot(r *engine.Reading) bool { return strings.Contains(r.Row.ID, "/slots/") }

// webRead returns the call's name for a site or for a slot.
func webRead(r *engine.Reading, path string) string {
	if isSlot(r) {
		return webOp("Microsoft.Web/sites/slots", path)
	}
	return webOp("Microsoft.Web/sites", path)
}

// webAppData is what is read of a site
// (learn.microsoft.com/rest/api/appservice/web-apps/get).
type webAppData struct {
	Kind     string // "app", "functionapp,linux", "functionapp,workflowapp", "app,linux,container"
	Identity *identity

	Properties struct {
		SKU                       string
		Reserved                  bool // on Linux
		HTTPSOnly                 *bool
		ClientCertEnabled         bool // absent: no, as the API documents
		ClientCertMode            *string
		ClientCertExclusionPaths  string
		PublicNetworkAccess       string
		VirtualNetworkSubnetID    string
		ManagedEnvironmentID      string // of Container Apps
		HostingEnvironmentProfile struct{ ID string }
		FunctionAppConfig         struct {
			Runtime struct{ Name, Version string }
		}
	}
}

// webConfigData is its configuration
// (learn.microsoft.com/rest/api/appservice/web-apps/get-configuration).
type webConfigData struct {
	Properties *struct {
		MinTLSVersion          string
		SCMMinTLSVersion       string
		FTPSState              string
		CORS                   *struct{ AllowedOrigins []string }
		RemoteDebuggingEnabled *bool
		HTTP20Enabled          *bool
		PublicNetworkAccess    string
		webRestrictions
		webStack
	}
}

func readWebApp(r *engine.Reading) any {
	var data webAppData
	r.Decode(&data)
	p := data.Properties
	kinds := strings.Split(strings.ToLower(data.Kind), ",")
	doc := &WebApp{
		FunctionApp:     slices.Contains(kinds, "functionapp") && !slices.Contains(kinds, "workflowapp"),
		LogicApp:        slices.Contains(kinds, "workflowapp"),
		OffPlatform:     p.ManagedEnvironmentID != "" || slices.Contains(kinds, "azurecontainerapps") || slices.Contains(kinds, "kubernetes"),
		Plan:            p.SKU,
		Linux:           p.Reserved,
		HTTPSOnly:       engine.Need(r, p.HTTPSOnly, "https_only"),
		ManagedIdentity: data.Identity.assigned(r, "managed_identity"),
		VNet:            p.VirtualNetworkSubnetID != "" || p.HostingEnvironmentProfile.ID != "",
		Managed:         r.Managed(),
	}
	if data.Kind == "" {
		r.Absent("read "+r.Type, webFields...)
	}
	if p.SKU == "" {
		r.Absent("read "+r.Type, "plan")
	}
	if p.ClientCertEnabled {
		mode := engine.Need(r, p.ClientCertMode, "client_certificates")
		doc.ClientCertificates = strings.EqualFold(mode, "Required") && !excludesAll(strings.Split(p.ClientCertExclusionPaths, ","))
	}
	readWebConfig(r, data, doc)
	if !doc.LogicApp {
		doc.SignIn = readSignIn(r)
	}
	if !doc.LogicApp && !doc.FunctionApp {
		doc.HTTPLogs = sends(diagnosticSettings(r, "", "http_logs"), []string{"AppServiceHTTPLogs"})
	}
	if doc.FunctionApp {
		doc.AnonymousFunctions = readAnonymousFunctions(r)
		doc.AppInsights = linkedToInsights(r)
		doc.AdminRoles = readAdminRoles(r, data.Identity, "admin_roles")
	}
	return doc
}

// readWebConfig reads the site's configuration: Resource Graph has most of it
// as null.
func readWebConfig(r *engine.Reading, data webAppData, doc *WebApp) {
	fields := webConfigFields
	closed := strings.EqualFold(data.Properties.PublicNetworkAccess, "Disabled")
	if closed {
		fields = slices.DeleteFunc(slices.Clone(fields), func(field string) bool { return field == "any_network" })
	}
	if !r.Wants(fields...) {
		return
	}
	var config webConfigData
	if !r.Got(r.Fetch(webRead(r, webConfig), "/"+webConfig, webVersion, &config), fields...) {
		return
	}
	c := engine.Need(r, config.Properties, fields...)
	if config.Properties == nil {
		return
	}
	doc.MinTLS = tlsVersion(r, c.MinTLSVersion, "", "min_tls")
	doc.DeployMinTLS = tlsVersion(r, c.SCMMinTLSVersion, "", "deploy_min_tls")
	doc.FTP = oneOf(r, "FTP state", c.FTPSState, "ftp", "AllAllowed", "FtpsOnly", "Disabled")
	doc.AnyOrigin = c.CORS != nil && slices.Contains(c.CORS.AllowedOrigins, "*") // absent: no origin is allowed
	doc.RemoteDebugging = engine.Need(r, c.RemoteDebuggingEnabled, "remote_debugging")
	doc.HTTP2 = engine.Need(r, c.HTTP20Enabled, "http2")
	readRuntime(r, data, c.webStack, doc)
	if !closed {
		doc.AnyNetwork = webOpen(r, data, cmp.Or(data.Properties.PublicNetworkAccess, c.PublicNetworkAccess), c.webRestrictions)
	}
}

// readSignIn reports whether App Service turns away whoever is not signed in
// (learn.microsoft.com/rest/api/appservice/web-apps/get-auth-settings-v2-without-secrets).
func readSignIn(r *engine.Reading) bool {
	var auth struct {
		Properties *struct {
			Platform struct { // absent: it was never set up
				Enabled        bool
				ConfigFilePath string
			}
			GlobalValidation struct {
				RequireAuthentication       *bool
				UnauthenticatedClientAction string
				ExcludedPaths               []string
			}
		}
	}
	if !r.Wants("sign_in") || !r.Got(r.Fetch(webRead(r, webSignIn), "/"+webSignIn, webVersion, &auth), "sign_in") {
		return false
	}
	p := engine.Need(r, auth.Properties, "sign_in")
	if auth.Properties == nil || !p.Platform.Enabled {
		return false
	}
	if p.Platform.ConfigFilePath != "" { // a file of the app's decides
		r.Absent("read "+r.Type, "sign_in")
	}
	rules := p.GlobalValidation
	action := oneOf(r, "action for callers without sign-in", cmp.Or(rules.UnauthenticatedClientAction, "RedirectToLoginPage"), "sign_in",
		"RedirectToLoginPage", "Return401", "Return403", "AllowAnonymous")
	return engine.Need(r, rules.RequireAuthentication, "sign_in") && action != "AllowAnonymous" && !excludesAll(rules.ExcludedPaths)
}

// excludesAll reports whether paths that are left out are together the whole
// app.
func excludesAll(paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		path = strings.TrimSpace(path)
		return path == "/" || path == "/*" || path == "*"
	})
}

// readAnonymousFunctions returns the names of the functions that HTTP calls
// without a key (learn.microsoft.com/rest/api/appservice/web-apps/list-functions).
func readAnonymousFunctions(r *engine.Reading) []string {
	if !r.Wants("anonymous_functions") {
		return nil
	}
	all, err := engine.FetchAll[struct {
		Name       string // app/function
		Properties struct {
			IsDisabled bool
			Config     *struct {
				Bindings []struct{ Type, AuthLevel string }
			}
		}
	}](r, webRead(r, webFunctions), "/"+webFunctions, webVersion)
	r.Got(err, "anonymous_functions")
	var names []string
	for _, f := range all {
		if f.Properties.IsDisabled {
			continue
		}
		config := engine.Need(r, f.Properties.Config, "anonymous_functions")
		if f.Properties.Config != nil && len(config.Bindings) == 0 { // every function has a trigger
			r.Absent("read "+r.Type, "anonymous_functions")
		}
		for _, b := range config.Bindings {
			if !strings.EqualFold(b.Type, "httpTrigger") {
				continue
			}
			level := oneOf(r, "authorization level", cmp.Or(b.AuthLevel, "function"), "anonymous_functions", // absent: function, as the binding documents
				"anonymous", "function", "admin", "user")
			if level == "anonymous" {
				names = append(names, engine.LastOf(f.Name))
			}
		}
	}
	slices.Sort(names)
	return names
}

// insightsTag is where the portal and the Azure CLI note which Application
// Insights resource an app sends to. The setting itself is among the app's
// settings, which are secrets and not read.
const insightsTag = "hidden-link: /app-insights-resource-id"

// linkedToInsights reports whether the app is linked to an Application
// Insights resource that exists.
func linkedToInsights(r *engine.Reading) bool {
	id := strings.ToLower(r.Row.Tags[insightsTag])
	switch {
	case id == "": // it may send all the same
		r.Absent("read "+r.Type, "app_insights")
		return false
	case !strings.HasPrefix(id, "/subscriptions/"+r.Row.Subscription+"/"):
		r.Mark(posture.Cause{Reason: posture.OtherAccount, Operation: "read " + r.Type}, "app_insights")
		return false
	}
	components := engine.Siblings[struct{}](r, "Microsoft.Insights/components", "app_insights")
	return slices.ContainsFunc(components, func(c engine.Joined[struct{}]) bool { return c.ID == id })
}
