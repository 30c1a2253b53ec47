package services

import (
	"net/netip"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// SQLServer is what rules may ask of a logical server of Azure SQL Database, or
// of a managed instance.
type SQLServer struct {
	ManagedInstance bool     `json:"managed_instance"`
	MinTLS          string   `json:"min_tls"`         // the oldest version that is accepted: "1.0", "1.2"; "none": any
	CustomerKey     bool     `json:"customer_key"`    // the key of its databases' encryption lies in a key vault of the customer's
	EntraAdmin      bool     `json:"entra_admin"`     // it has an administrator from Entra ID
	Passwords       bool     `json:"passwords"`       // it accepts its own passwords
	Public          bool     `json:"public"`          // it has a public address
	OpenRanges      []string `json:"open_ranges"`     // what its firewall, or of an instance its subnet's, lets in that is as good as the internet: "0.0.0.0-255.255.255.255"
	AllAzure        bool     `json:"all_azure"`       // that lets in all of Azure, other customers included
	Auditing        bool     `json:"auditing"`        // of a server, it audits all its databases, and the records go somewhere
	AuditDays       int64    `json:"audit_days"`      // days that the records are kept; 0 where it is for ever too
	AuditForever    bool     `json:"audit_forever"`   // nothing deletes the records
	Assessment      string   `json:"assessment"`      // how vulnerability assessment is set up: "express", "classic"; "": not at all
	RecurringScans  bool     `json:"recurring_scans"` // it is scanned every week
	HighFindings    int64    `json:"high_findings"`   // open ones of high severity in all its databases
	Managed         bool     `json:"managed"`         // another service made it and keeps it, such as a Synapse workspace
}

const (
	managedInstanceType = "Microsoft.Sql/managedInstances"
	readEntraOnly       = managedInstanceType + "/azureADOnlyAuthentications/read"
	sqlVersion          = "2023-08-01"
)

var sqlServers = engine.Service{
	Type: scanners.Type{
		Name:    sqlServerType,
		Service: "sql",
		Doc:     SQLServer{},
		Calls: []scanners.Call{
			{Op: sqlServerType + "/encryptionProtector/read", Each: true, For: []string{"customer_key"}},
			{Op: managedInstanceType + "/encryptionProtector/read", Each: true, For: []string{"customer_key"}},
			{Op: sqlServerType + "/administrators/read", Each: true, For: entraFields},
			{Op: managedInstanceType + "/administrators/read", Each: true, For: entraFields},
			{Op: readEntraOnly, Each: true, For: []string{"passwords"}},
			{Op: sqlServerType + "/firewallRules/read", Each: true, For: reachFields},
			{Op: sqlServerType + "/ipv6FirewallRules/read", Each: true, For: reachFields},
			{Op: sqlServerType + "/auditingSettings/read", Each: true, For: auditFields},
			diagnosticCall(auditFields...),
			{Op: readWorkspaceTables, For: auditFields},
			{Op: sqlServerType + "/sqlVulnerabilityAssessments/read", Each: true, For: assessmentFields},
			{Op: sqlServerType + "/vulnerabilityAssessments/read", Each: true, For: assessmentFields},
			{Op: managedInstanceType + "/vulnerabilityAssessments/read", Each: true, For: assessmentFields},
			{Op: readSubAssessments, For: []string{"high_findings"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also:    []string{managedInstanceType},
	Joins:   []engine.Join{{Type: typeNSG, For: reachFields}, {Type: typeVirtualNetwork, For: reachFields}},
	Get:     sqlVersion,
	AlsoGet: map[string]string{managedInstanceType: sqlVersion},
	Read:    readSQLServer,
}

var (
	entraFields = []string{"entra_admin", "passwords"}
	reachFields = []string{"open_ranges", "all_azure"}
)

// sqlServerData is what is read of a server, or of an instance
// (learn.microsoft.com/rest/api/sql/servers/get,
// learn.microsoft.com/rest/api/sql/managed-instances/get).
type sqlServerData struct {
	Kind       string
	Properties struct {
		MinimalTLSVersion string
		Administrators    *sqlAdministrator

		PublicNetworkAccess string // of a server
		IsIPv6Enabled       string

		PublicDataEndpointEnabled *bool // of an instance
		SubnetID                  string
	}
}

// sqlAdministrator is an administrator from Entra ID.
type sqlAdministrator struct {
	AdministratorType         string
	AzureADOnlyAuthentication *bool
}

// sqlServer is a server or an instance being read.
type sqlServer struct {
	*engine.Reading
	data sqlServerData
	doc  *SQLServer
	typ  string // as Azure writes it
}

func readSQLServer(r *engine.Reading) any {
	s := sqlServer{Reading: r, doc: &SQLServer{}, typ: sqlServerType}
	r.Decode(&s.data)
	if s.doc.ManagedInstance = strings.EqualFold(r.Row.Type, managedInstanceType); s.doc.ManagedInstance {
		s.typ = managedInstanceType
	}
	s.doc.Managed = r.Managed() || ofSynapse(s.data.Kind)
	if strings.EqualFold(s.data.Properties.MinimalTLSVersion, "None") {
		s.doc.MinTLS = "none"
	} else {
		s.doc.MinTLS = tlsVersion(r, s.data.Properties.MinimalTLSVersion, "", "min_tls")
	}
	s.encryption()
	s.administrators()
	s.network()
	s.assessment()
	if !s.doc.ManagedInstance { // an instance's auditing is set by T-SQL
		s.auditing()
	}
	return s.doc
}

// ofSynapse reports whether a kind, "v12.0,analytics", is that of a part of a
// Synapse workspace.
func ofSynapse(kind string) bool {
	return slices.Contains(strings.Split(strings.ToLower(kind), ","), "analytics")
}

func (s *sqlServer) encryption() {
	if !s.Wants("customer_key") {
		return
	}
	var protector struct {
		Properties *struct{ ServerKeyType string }
	}
	err := s.Fetch(s.typ+"/encryptionProtector/read", "/encryptionProtector/current", sqlVersion, &protector)
	if !s.Got(err, "customer_key") {
		return
	}
	switch strings.ToLower(engine.Need(s.Reading, protector.Properties, "customer_key").ServerKeyType) {
	case "azurekeyvault":
		s.doc.CustomerKey = true
	case "servicemanaged":
	default:
		s.Strange("key of encryption", "customer_key")
	}
}

// administrators reads who signs in how. The graph may leave the administrator
// out, so one that is not there is asked for.
func (s *sqlServer) administrators() {
	admin := s.data.Properties.Administrators
	if admin == nil || admin.AzureADOnlyAuthentication == nil {
		if !s.Wants(entraFields...) {
			return
		}
		all, err := engine.FetchAll[struct{ Properties sqlAdministrator }](s.Reading, s.typ+"/administrators/read", "/administrators", sqlVersion)
		if !s.Got(err, entraFields...) {
			return
		}
		if len(all) == 0 {
			s.doc.Passwords = true
			return
		}
		admin = &all[0].Properties
	}
	s.doc.EntraAdmin = oneOf(s.Reading, "kind of administrator", admin.AdministratorType, "entra_admin", "ActiveDirectory") != ""
	only := admin.AzureADOnlyAuthentication
	if only == nil && s.doc.ManagedInstance { // its list of administrators does not say
		only = s.entraOnly()
	}
	s.doc.Passwords = !engine.Need(s.Reading, only, "passwords")
}

// entraOnly reads whether an instance accepts no passwords.
func (s *sqlServer) entraOnly() *bool {
	var set struct {
		Properties struct{ AzureADOnlyAuthentication *bool }
	}
	err := s.Fetch(readEntraOnly, "/azureADOnlyAuthentications/Default", sqlVersion, &set)
	s.Got(err, "passwords")
	return set.Properties.AzureADOnlyAuthentication
}

// network reads who reaches the server.
func (s *sqlServer) network() {
	if s.doc.ManagedInstance {
		s.doc.Public = engine.Need(s.Reading, s.data.Properties.PublicDataEndpointEnabled, "public")
		if s.doc.Public {
			s.subnet()
		}
		return
	}
	switch access := s.data.Properties.PublicNetworkAccess; strings.ToLower(access) {
	case "disabled":
		return
	case perimeterAccess:
		unreadPerimeter(s.Reading, append([]string{"public"}, reachFields...)...)
		return
	case "enabled":
	case "":
		s.Absent("read "+s.Type, "public")
	default:
		s.Strange("public network access", "public")
	}
	s.doc.Public = true
	if s.Wants(reachFields...) {
		s.firewall()
	}
}

func (s *sqlServer) firewall() {
	rules, err := engine.FetchAll[firewallRule](s.Reading, sqlServerType+"/firewallRules/read", "/firewallRules", sqlVersion)
	s.Got(err, reachFields...)
	if !strings.EqualFold(s.data.Properties.IsIPv6Enabled, "Disabled") {
		six, err := engine.FetchAll[firewallRule](s.Reading, sqlServerType+"/ipv6FirewallRules/read", "/ipv6FirewallRules", sqlVersion)
		s.Got(err, "open_ranges")
		rules = append(rules, six...)
	}
	s.doc.OpenRanges = openRanges(s.Reading, rules, "open_ranges")
	s.doc.AllAzure = slices.ContainsFunc(rules, firewallRule.allAzure)
}

// publicPort is that of an instance's public endpoint.
const publicPort = 3342

// subnet reads what the security group of an instance's subnet lets in: there
// is always one.
func (s *sqlServer) subnet() {
	groups := engine.Siblings[nsgData](s.Reading, typeNSG, reachFields...)
	in := strings.ToLower(s.data.Properties.SubnetID)
	i := slices.IndexFunc(groups, func(g engine.Joined[nsgData]) bool { return slices.Contains(lowIDs(g.Data.Properties.Subnets), in) })
	if i < 0 {
		s.Absent("read "+typeNSG, reachFields...)
		return
	}
	rules, err := groups[i].Data.rules()
	s.Got(scanners.Failed("read "+typeNSG, err), reachFields...)
	for _, opening := range (traffic{own: at(rules, destination{blocks: s.blocks(in)})}).openings() {
		switch {
		case opening.Protocol != "tcp" && opening.Protocol != "all", opening.FromPort > publicPort, opening.ToPort < publicPort:
		case onlyAzure(opening.Source):
			s.doc.AllAzure = true
		default:
			s.doc.OpenRanges = append(s.doc.OpenRanges, opening.Source)
		}
	}
	slices.Sort(s.doc.OpenRanges)
	s.doc.OpenRanges = slices.Compact(s.doc.OpenRanges)
}

// onlyAzure reports whether the sources of a rule, "AzureCloud, AzureCloud.WestEurope",
// are all Azure's.
func onlyAzure(sources string) bool {
	return !slices.ContainsFunc(strings.Split(sources, ", "), func(source string) bool { return !isAzureCloud(strings.ToLower(source)) })
}

// blocks returns the addresses of a subnet, none where they are not known.
func (s *sqlServer) blocks(subnet string) []netip.Prefix {
	for _, network := range engine.Siblings[networkData](s.Reading, typeVirtualNetwork, reachFields...) {
		for _, in := range network.Data.Properties.Subnets {
			if in.low() == subnet {
				return in.blocks()
			}
		}
	}
	return nil
}
