package services

import (
	"slices"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// AutomationAccount is what rules may ask of an Automation account.
type AutomationAccount struct {
	PlainVariables []string `json:"plain_variables"` // names of variables that are not encrypted
	Managed        bool     `json:"managed"`         // another service made it and keeps it
}

const readVariables = "Microsoft.Automation/automationAccounts/variables/read"

var automationAccounts = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Automation/automationAccounts",
		Service: "automation",
		Doc:     AutomationAccount{},
		Calls:   []scanners.Call{{Op: readVariables, Each: true, For: []string{"plain_variables"}}},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2023-11-01",
	Read: readAutomationAccount,
}

// readAutomationAccount reads the names of variables, never their values
// (learn.microsoft.com/rest/api/automation/variable/list-by-automation-account).
func readAutomationAccount(r *engine.Reading) any {
	doc := &AutomationAccount{Managed: r.Managed()}
	if !r.Wants("plain_variables") {
		return doc
	}
	all, err := engine.FetchAll[struct {
		Name       string
		Properties struct{ IsEncrypted *bool }
	}](r, readVariables, "/variables", "2023-11-01")
	r.Got(err, "plain_variables")
	for _, v := range all {
		if v.Properties.IsEncrypted == nil || !*v.Properties.IsEncrypted {
			engine.Need(r, v.Properties.IsEncrypted, "plain_variables")
			doc.PlainVariables = append(doc.PlainVariables, v.Name)
		}
	}
	slices.Sort(doc.PlainVariables)
	return doc
}
