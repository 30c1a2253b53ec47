package engine

import (
	"cmp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// Cloud is where Azure is: the public one or a sovereign one. Hosts and
// audiences come from here, never from an answer.
type Cloud struct {
	Login    string // of Entra ID: "https://login.microsoftonline.com/"
	Manager  string // of Azure Resource Manager: "https://management.azure.com"
	Audience string // of tokens for Azure Resource Manager; "": Manager
	Graph    string // of Microsoft Graph: "https://graph.microsoft.com"
	Portal   string // "https://portal.azure.com"
	Exchange string // whom tokens of other clouds have to be for: "api://AzureADTokenExchange"
	Blobs    string // what the host of a storage account's blobs ends in: ".blob.core.windows.net"
	Vaults   string // what the host of a key vault ends in: ".vault.azure.net"
}

// Clouds returns the clouds that there are, by the names that the Azure CLI
// gives them.
func Clouds() map[string]Cloud {
	return map[string]Cloud{
		"AzureCloud": {
			Login:   "https://login.microsoftonline.com/",
			Manager: "https://management.azure.com", Graph: "https://graph.microsoft.com", Portal: "https://portal.azure.com",
			Exchange: "api://AzureADTokenExchange", Blobs: ".blob.core.windows.net", Vaults: ".vault.azure.net",
		},
		"AzureUSGovernment": {
			Login:   "https://login.microsoftonline.us/",
			Manager: "https://management.usgovcloudapi.net", Audience: "https://management.core.usgovcloudapi.net/",
			Graph: "https://graph.microsoft.us", Portal: "https://portal.azure.us",
			Exchange: "api://AzureADTokenExchangeUSGov", Blobs: ".blob.core.usgovcloudapi.net", Vaults: ".vault.usgovcloudapi.net",
		},
		"AzureChinaCloud": {
			Login:   "https://login.chinacloudapi.cn/",
			Manager: "https://management.chinacloudapi.cn", Audience: "https://management.core.chinacloudapi.cn/",
			Graph: "https://microsoftgraph.chinacloudapi.cn", Portal: "https://portal.azure.cn",
			Exchange: "api://AzureADTokenExchangeChina", Blobs: ".blob.core.chinacloudapi.cn", Vaults: ".vault.azure.cn",
		},
	}
}

// Scope is what a token for Azure Resource Manager is asked for.
func (c Cloud) Scope() string { return cmp.Or(c.Audience, c.Manager) + "/.default" }

// Configuration returns the cloud as the SDK knows it.
func (c Cloud) Configuration() cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: c.Login,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: c.Manager, Audience: cmp.Or(c.Audience, c.Manager)},
		},
	}
}
