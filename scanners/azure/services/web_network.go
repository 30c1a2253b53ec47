package services

import (
	"slices"
	"strings"

	"posture/scanners/azure/engine"
)

// webRestrictions are who may reach a site
// (learn.microsoft.com/azure/app-service/overview-access-restrictions).
type webRestrictions struct {
	IPSecurityRestrictions              []webRestriction
	IPSecurityRestrictionsDefaultAction string
}

type webRestriction struct {
	IPAddress            string // "Any", ranges with commas between them, or a service tag
	SubnetMask           string // of an older form
	VNetSubnetResourceID string
	Action               string              // "Allow", "Deny"
	Tag                  string              // "Default", "XffProxy", "ServiceTag"
	Priority             int64               // the smallest is asked first
	Headers              map[string][]string // only requests with these
}

// webOpen reports whether every network reaches the site.
func webOpen(r *engine.Reading, data webAppData, access string, rules webRestrictions) bool {
	const field = "any_network"
	if !r.Wants(field) || strings.EqualFold(access, "Disabled") {
		return false
	}
	if access != "" {
		oneOf(r, "public network access", access, field, "Enabled")
	}
	if !rules.open(r, field) || internal(r, data.Properties.HostingEnvironmentProfile.ID, field) {
		return false
	}
	if access != "" {
		return true
	}
	// never set: a private endpoint closes it to all others
	if isSlot(r) {
		r.Absent("read "+r.Type, field)
		return false
	}
	endpoints, err := engine.FetchAll[privateEndpoint](r, webRead(r, webEndpoints), "/"+webEndpoints, webVersion)
	return r.Got(err, field) && approved(endpoints) == 0
}

// open reports whether the rules let every network in.
func (w webRestrictions) open(r *engine.Reading, field string) bool {
	rules := slices.Clone(w.IPSecurityRestrictions)
	slices.SortStableFunc(rules, func(a, b webRestriction) int { return int(a.Priority - b.Priority) })
	var let []string
	for _, rule := range rules {
		ranges := rule.ranges(r, field)
		switch oneOf(r, "action", rule.Action, field, "Allow", "Deny") {
		case "Allow":
			let = append(let, ranges...)
		case "Deny":
			if len(rule.Headers) == 0 && internet(r, ranges, field) {
				return internet(r, let, field)
			}
		}
	}
	if internet(r, let, field) {
		return true
	}
	if w.IPSecurityRestrictionsDefaultAction == "" { // as documented: what matches no rule is denied where there are rules
		return len(rules) == 0
	}
	return oneOf(r, "default action", w.IPSecurityRestrictionsDefaultAction, field, "Allow", "Deny") == "Allow"
}

// ranges returns the addresses that a rule is about: the internet, for the
// tags that every customer of Azure is in.
func (w webRestriction) ranges(r *engine.Reading, field string) []string {
	name, _, _ := strings.Cut(strings.ToLower(w.IPAddress), ".")
	anywhere := []string{"0.0.0.0/0"}
	switch {
	case w.VNetSubnetResourceID != "":
		return nil
	case strings.EqualFold(w.IPAddress, "Any"):
		return anywhere
	case strings.EqualFold(w.Tag, "ServiceTag") && (name == "internet" || name == "azurecloud"):
		return anywhere
	case strings.EqualFold(w.Tag, "ServiceTag"):
		return nil
	case w.SubnetMask != "" || w.IPAddress == "":
		r.Strange("access restriction", field)
		return nil
	}
	ranges := strings.Split(w.IPAddress, ",")
	for i := range ranges {
		ranges[i] = strings.TrimSpace(ranges[i])
	}
	return ranges
}

// internal reports whether the environment that an app runs in has only
// addresses of a private network.
func internal(r *engine.Reading, environment, field string) bool {
	if environment == "" {
		return false
	}
	type environmentData struct {
		Properties struct{ InternalLoadBalancingMode *string }
	}
	for _, e := range engine.Siblings[environmentData](r, "Microsoft.Web/hostingEnvironments", field) {
		if e.ID == strings.ToLower(environment) {
			return strings.Contains(engine.Need(r, e.Data.Properties.InternalLoadBalancingMode, field), "Web")
		}
	}
	r.Strange("App Service Environment", field)
	return false
}
