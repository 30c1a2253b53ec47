package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// AIAccount is what rules may ask of an account of Azure AI services, such as
// Azure OpenAI.
type AIAccount struct {
	CustomerKey        bool `json:"customer_key"`         // encrypted with a key of the customer's, in a key vault
	CustomerKeyOffered bool `json:"customer_key_offered"` // its kind and tier can have one
	Managed            bool `json:"managed"`              // another service made it and keeps it
}

var aiAccounts = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.CognitiveServices/accounts",
		Service: "cognitiveservices",
		Doc:     AIAccount{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2024-10-01",
	Read: readAIAccount,
}

// aiAccountData is what is read of an account
// (learn.microsoft.com/rest/api/aiservices/accountmanagement/accounts/get).
type aiAccountData struct {
	Properties *struct {
		Capabilities *[]struct{ Name string }    // what its kind and tier can do: "CustomerManagedKey"
		Encryption   *struct{ KeySource string } // absent: Microsoft's key
	}
}

func readAIAccount(r *engine.Reading) any {
	var data aiAccountData
	r.Decode(&data)
	doc := &AIAccount{Managed: r.Managed()}
	p := engine.Need(r, data.Properties, "customer_key", "customer_key_offered")
	if data.Properties == nil {
		return doc
	}
	doc.CustomerKeyOffered = slices.ContainsFunc(engine.Need(r, p.Capabilities, "customer_key_offered"), func(c struct{ Name string }) bool {
		return strings.EqualFold(c.Name, "CustomerManagedKey")
	})
	if p.Encryption != nil {
		source := oneOf(r, "source of the key", p.Encryption.KeySource, "customer_key", "Microsoft.KeyVault", "Microsoft.CognitiveServices")
		doc.CustomerKey = source == "Microsoft.KeyVault"
	}
	return doc
}
