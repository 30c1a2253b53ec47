package services

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// after returns the beginning of the next day.
func after(text string) time.Time { return posture.Day(text).Start().AddDate(0, 0, 1) }

func TestWeb(t *testing.T) {
	t.Parallel()
	lacks := lackingOf("Microsoft.Web/sites")
	refused := func(path string, fields ...string) (all []string) {
		for _, field := range fields {
			all = append(all, field+": "+webOp("Microsoft.Web/sites", path)+": access denied; grant "+webPermission("Microsoft.Web/sites", path))
		}
		return all
	}
	serviceTest{
		data:  "web",
		types: []string{"Microsoft.Web/sites"},
		want: map[string]any{
			"sites webgood": &WebApp{
				Linux: true, Plan: "PremiumV3", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.3", FTP: "FtpsOnly", HTTP2: true, SignIn: true, ClientCertificates: true,
				ManagedIdentity: true, VNet: true, HTTPLogs: true, Runtime: "python 3.12", RuntimeEnd: after("2028-10-31"),
			},
			"sites webgood/staging": &WebApp{
				Linux: true, Plan: "PremiumV3", MinTLS: "1.2", DeployMinTLS: "1.0", FTP: "FtpsOnly", HTTP2: true, Runtime: "node 14", RuntimeEnd: after("2023-04-30"),
			},
			"sites webgood/unset": &WebApp{
				Linux: true, Plan: "PremiumV3", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "Disabled", HTTP2: true, Runtime: "node 22", RuntimeEnd: after("2027-04-30"),
			},
			"sites webbad":      &WebApp{Plan: "Standard", MinTLS: "1.0", DeployMinTLS: "1.0", FTP: "AllAllowed", AnyOrigin: true, RemoteDebugging: true, AnyNetwork: true},
			"sites webbare":     &WebApp{},
			"sites webendpoint": &WebApp{Linux: true, Plan: "Basic", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, SignIn: true, HTTPLogs: true, OwnRuntime: true},
			"sites webinternal": &WebApp{
				VNet: true, Linux: true, Plan: "IsolatedV2", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, Runtime: "java 11", RuntimeEnd: after("2027-09-30"),
			},
			"sites flexgood": &WebApp{
				AdminRoles: []HeldRole{{
					Role: "Contributor", Scope: "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shop",
					Assignment: "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shop/providers/microsoft.authorization/roleassignments/b1",
				}},
				FunctionApp: true, Linux: true, Plan: "FlexConsumption", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, ManagedIdentity: true,
				VNet: true, AppInsights: true, Runtime: "python 3.12", RuntimeEnd: after("2028-10-31"),
			},
			"sites fnbad": &WebApp{
				FunctionApp: true, Plan: "Dynamic", MinTLS: "1.0", DeployMinTLS: "1.0", FTP: "AllAllowed", AnyOrigin: true, RemoteDebugging: true,
				AnonymousFunctions: []string{"api", "hook"}, AnyNetwork: true, Runtime: "powershell 7.2", RuntimeEnd: after("2024-11-08"),
			},
			"sites fnaway": &WebApp{
				FunctionApp: true, Linux: true, Plan: "ElasticPremium", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, SignIn: true,
				AnyNetwork: true, Runtime: "python 4.9",
			},
			"sites logic": &WebApp{LogicApp: true, Plan: "WorkflowStandard", HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, AnyNetwork: true},
			"sites boxed": &WebApp{Linux: true, FunctionApp: true, OffPlatform: true, HTTPSOnly: true, MinTLS: "1.2", DeployMinTLS: "1.2", FTP: "FtpsOnly", HTTP2: true, OwnRuntime: true},
		},
		unread: map[string][]string{
			"sites webgood/unset": {lacks("any_network")},                   // a private endpoint would close it
			"sites webbad":        {lacks("runtime"), lacks("runtime_end")}, // on Windows its settings say which of several runs
			"sites logic":         {lacks("runtime"), lacks("runtime_end")},
			"sites webbare": append(slices.Concat(refused(webConfig, webConfigFields...), refused(webSignIn, "sign_in")),
				lacks("plan"), lacks("https_only"), "http_logs: "+readDiagnosticSettings+": access denied; grant "+readDiagnosticSettings),
			"sites webendpoint": {lacks("sign_in")},
			"sites fnaway": {
				lacks("anonymous_functions"), "app_insights: read Microsoft.Web/sites: it belongs to another account",
				strangeOf("Microsoft.Web/sites")("version of python", "runtime_end"),
			},
			"sites boxed": {
				lacks("app_insights"), lacks("plan"),
				"any_network: Microsoft.Web/sites/privateEndpointConnections/read: answered with an error (ResourceNotFound)",
			},
		},
	}.run(t)
}

// TestWebRestrictions: who reaches a site, as the platform asks its rules.
func TestWebRestrictions(t *testing.T) {
	t.Parallel()
	office := webRestriction{IPAddress: "203.0.113.0/24", Action: "Allow", Priority: 100}
	everybody := func(action string) webRestriction {
		return webRestriction{IPAddress: "Any", Action: action, Priority: 2147483647}
	}
	for name, c := range map[string]struct {
		rules  webRestrictions
		want   bool
		unread bool
	}{
		"no rules":                              {webRestrictions{}, true, false},
		"no rules, denied by default":           {webRestrictions{nil, "Deny"}, false, false},
		"all are let in":                        {webRestrictions{[]webRestriction{everybody("Allow")}, ""}, true, false},
		"the office":                            {webRestrictions{[]webRestriction{office}, ""}, false, false},
		"the office, others by default":         {webRestrictions{[]webRestriction{office}, "Allow"}, true, false},
		"the office, then nobody":               {webRestrictions{[]webRestriction{everybody("Deny"), office}, "Allow"}, false, false},
		"nobody, asked before all":              {webRestrictions{[]webRestriction{{IPAddress: "0.0.0.0/0", Action: "Deny", Priority: 1}, everybody("Allow")}, ""}, false, false},
		"only requests with a header are not":   {webRestrictions{[]webRestriction{{IPAddress: "Any", Action: "Deny", Priority: 1, Headers: map[string][]string{"x-a": {"b"}}}, everybody("Allow")}, ""}, true, false},
		"halves of the internet":                {webRestrictions{[]webRestriction{{IPAddress: "0.0.0.0/1, 128.0.0.0/1", Action: "Allow", Priority: 1}, everybody("Deny")}, ""}, true, false},
		"one is kept out":                       {webRestrictions{[]webRestriction{{IPAddress: "203.0.113.7/32", Action: "Deny", Priority: 1}, everybody("Allow")}, ""}, true, false},
		"every customer of Azure":               {webRestrictions{[]webRestriction{{IPAddress: "AzureCloud.westeurope", Tag: "ServiceTag", Action: "Allow", Priority: 1}}, ""}, true, false},
		"Front Door":                            {webRestrictions{[]webRestriction{{IPAddress: "AzureFrontDoor.Backend", Tag: "ServiceTag", Action: "Allow", Priority: 1}}, ""}, false, false},
		"a subnet":                              {webRestrictions{[]webRestriction{{VNetSubnetResourceID: "/s", Action: "Allow", Priority: 1}}, ""}, false, false},
		"an action that nobody knows":           {webRestrictions{[]webRestriction{{IPAddress: "Any", Action: "Maybe", Priority: 1}}, "Deny"}, false, true},
		"an address that is none":               {webRestrictions{[]webRestriction{{IPAddress: "office", Action: "Allow", Priority: 1}}, ""}, false, true},
		"a mask, which was written in the past": {webRestrictions{[]webRestriction{{IPAddress: "0.0.0.0", SubnetMask: "0.0.0.0", Action: "Allow", Priority: 1}}, ""}, false, true},
	} {
		r := &engine.Reading{Reading: scanners.Reading{Type: "Microsoft.Web/sites", Cause: func(error) posture.Cause { return posture.Cause{} }}}
		if got := c.rules.open(r, "any_network"); got != c.want || (len(r.Unread()) > 0) != c.unread {
			t.Errorf("%s: %v, unread %v", name, got, r.Unread())
		}
	}
}

// TestRuntimes: what runs an app, in the names of the calendar.
func TestRuntimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  string
		stack webStack
		want  string
	}{
		{"app,linux", webStack{LinuxFxVersion: "PYTHON|3.9"}, "python 3.9"},
		{"app,linux", webStack{LinuxFxVersion: "NODE|20-lts"}, "node 20"},
		{"app,linux", webStack{LinuxFxVersion: "DOTNETCORE|8.0"}, "dotnet 8.0"},
		{"functionapp,linux", webStack{LinuxFxVersion: "DOTNET-ISOLATED|10.0"}, "dotnet 10.0"},
		{"app,linux", webStack{LinuxFxVersion: "JAVA|17-java17"}, "java 17"},
		{"app,linux", webStack{LinuxFxVersion: "TOMCAT|8.5-jre8"}, "java 8"},
		{"functionapp,linux", webStack{LinuxFxVersion: "Java|21"}, "java 21"},
		{"app,linux", webStack{LinuxFxVersion: "PHP|8.2"}, "php 8.2"},
		{"app,linux", webStack{LinuxFxVersion: "COMPOSE|abc"}, "own"},
		{"app,linux", webStack{LinuxFxVersion: "sitecontainers"}, "own"},
		{"app", webStack{WindowsFxVersion: "DOCKER|image"}, "own"},
		{"app", webStack{NetFrameworkVersion: "v8.0"}, "dotnet 8.0"},
		{"app", webStack{NetFrameworkVersion: "v4.0"}, " "},
		{"functionapp", webStack{NetFrameworkVersion: "v6.0"}, " "},
		{"app", webStack{JavaVersion: "1.8.0_202"}, "java 8"},
		{"functionapp", webStack{PowerShellVersion: "~7.4"}, "powershell 7.4"},
	} {
		own, language, version := c.stack.runtime(webAppData{Kind: c.kind})
		got := language + " " + version
		if own {
			got = "own"
		}
		if got != c.want {
			t.Errorf("%s %+v: %q instead of %q", c.kind, c.stack, got, c.want)
		}
	}
}

func TestAppServicePlans(t *testing.T) {
	t.Parallel()
	lacks := lackingOf("Microsoft.Web/serverfarms")
	serviceTest{
		data:  "web",
		types: []string{"Microsoft.Web/serverfarms"},
		want: map[string]any{
			"serverfarms good":     &AppServicePlan{Tier: "PremiumV3", ZoneRedundant: true, Workers: 3, ZonesOffered: true, FixedWorkers: true},
			"serverfarms bad":      &AppServicePlan{Tier: "PremiumV2", Workers: 1, ZonesOffered: true, FixedWorkers: true},
			"serverfarms flex":     &AppServicePlan{Tier: "FlexConsumption", ZoneRedundant: true, ZonesOffered: true},
			"serverfarms standard": &AppServicePlan{Tier: "Standard", Workers: 1, FixedWorkers: true},
			"serverfarms nozones":  &AppServicePlan{Tier: "PremiumV3", Workers: 2, FixedWorkers: true},
			"serverfarms arc":      &AppServicePlan{Tier: "PremiumV3", Workers: 1, FixedWorkers: true},
			"serverfarms bare":     &AppServicePlan{FixedWorkers: true},
		},
		unread: map[string][]string{
			"serverfarms bare": {lacks("tier"), lacks("zones_offered"), lacks("fixed_workers"), lacks("zone_redundant"), lacks("workers")},
		},
	}.run(t)
}

// TestSupportEnds: every end is a day.
func TestSupportEnds(t *testing.T) {
	t.Parallel()
	for version, end := range supportEnds {
		if _, err := posture.ParseDay(end); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestFunctionsWithoutBindings: who may call a function is not known where its
// triggers are not.
func TestFunctionsWithoutBindings(t *testing.T) {
	t.Parallel()
	for _, config := range []string{`{}`, `{"bindings": []}`, `null`} {
		server := serveWith(t, `-- GET /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shop/providers/microsoft.web/sites/flexgood/functions --
{"value": [{"name": "flexgood/order", "properties": {"isDisabled": false, "config": `+config+`}}, {"name": "flexgood/off", "properties": {"isDisabled": true}}]}
`, "web")
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), webApps.Name))
		i := slices.IndexFunc(result.Resources, func(r posture.Resource) bool { return r.Name == "flexgood" })
		if cause, _ := result.Resources[i].WhyUnread("anonymous_functions"); cause.Reason != posture.NotAnswered {
			t.Errorf("%s: unread because %q", config, cause)
		}
	}
}

// TestAdminRoles holds which roles of an app's identity are those of an
// administrator, and how it may hold them.
func TestAdminRoles(t *testing.T) {
	const (
		at      = "-- GET /subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/"
		app     = "aaaaaaaa-0000-0000-0000-000000000002"
		members = "/v1.0/groups/00000007-0000-0000-0000-000000000000/transitiveMembers?$select=id,displayName,userPrincipalName,userType,accountEnabled&$top=999 --\n"
		inGroup = "-- GET " + members + `{"value": [{"@odata.type": "#microsoft.graph.servicePrincipal", "id": "AAAAAAAA-0000-0000-0000-000000000002"}]}` + "\n"
	)
	held := func(kind, who, role string) string {
		return fmt.Sprintf(`%sroleAssignments --
{"value": [{"id": "/a", "properties": {"scope": "/subscriptions/%s", "roleDefinitionId": "/x/%s", "principalId": %q, "principalType": %q}}]}
`, at, enginetest.Subscription, role, who, kind)
	}
	custom := func(actions string) string {
		return fmt.Sprintf(`%sroleDefinitions?$filter=atScopeAndBelow() --
{"value": [{"name": "c1", "properties": {"roleName": "Deployer", "type": "CustomRole", "assignableScopes": ["/"], "permissions": [{"actions": [%s], "notActions": []}]}}]}
`, at, actions)
	}
	for name, test := range map[string]struct {
		answers string
		roles   []string
		unread  bool
	}{
		"a custom role for everything":           {held("ServicePrincipal", app, "c1") + custom(`"*"`), []string{"Deployer"}, false},
		"a custom role for every write":          {held("ServicePrincipal", app, "c1") + custom(`"*/write"`), []string{"Deployer"}, false},
		"a custom role that hands out roles":     {held("ServicePrincipal", app, "c1") + custom(`"Microsoft.Authorization/roleAssignments/write"`), []string{"Deployer"}, false},
		"a custom role for virtual machines":     {held("ServicePrincipal", app, "c1") + custom(`"Microsoft.Compute/*"`), nil, false},
		"by a group":                             {held("Group", "00000007-0000-0000-0000-000000000000", "c1") + custom(`"*"`) + inGroup, []string{"Deployer"}, false},
		"by a group that cannot be read":         {held("Group", "00000007-0000-0000-0000-000000000000", "c1") + custom(`"*"`) + "-- GET 403 " + members + `{"error": {"code": "Authorization_RequestDenied"}}`, nil, true},
		"a group with a narrow role is not read": {held("Group", "00000007-0000-0000-0000-000000000000", "c1") + custom(`"*/read"`), nil, false},
		"a role that is not listed":              {held("ServicePrincipal", app, "c2") + custom(`"*"`), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			root := engine.Root{Tenant: enginetest.Tenant}
			result := enginetest.Scan(t, Registry(), root, enginetest.Options(serveWith(t, test.answers, "web")), enginetest.Everything(Registry(), webApps.Name))
			i := slices.IndexFunc(result.Resources, func(r posture.Resource) bool { return r.Name == "flexgood" })
			var roles []string
			for _, role := range result.Resources[i].Doc.(*WebApp).AdminRoles {
				roles = append(roles, role.Role)
			}
			unread := slices.ContainsFunc(result.Resources[i].Unread, func(u posture.Unread) bool { return u.Field == "admin_roles" })
			if !slices.Equal(roles, test.roles) || unread != test.unread {
				t.Errorf("roles %v, unread %v", roles, unread)
			}
		})
	}
}
