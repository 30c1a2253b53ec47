package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// FabricCluster is what rules may ask of a Service Fabric cluster.
type FabricCluster struct {
	EncryptsAndSigns bool `json:"encrypts_and_signs"` // its nodes encrypt and sign what they send to each other
	Certificate      bool `json:"certificate"`        // it is secured by one, which its nodes prove themselves by
	Managed          bool `json:"managed"`            // another service made it and keeps it
}

var fabricClusters = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.ServiceFabric/clusters",
		Service: "servicefabric",
		Doc:     FabricCluster{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2021-06-01",
	Read: readFabricCluster,
}

// fabricData is what is read of a cluster
// (learn.microsoft.com/rest/api/servicefabric/clusters/get).
type fabricData struct {
	Properties *struct {
		Certificate            *struct{}
		CertificateCommonNames *struct{}
		FabricSettings         []struct {
			Name       string
			Parameters []struct{ Name, Value string }
		}
	}
}

// protection returns what the settings say of the traffic between nodes, "" for
// nothing.
func (d fabricData) protection() string {
	for _, section := range d.Properties.FabricSettings {
		if !strings.EqualFold(section.Name, "Security") {
			continue
		}
		for _, p := range section.Parameters {
			if strings.EqualFold(p.Name, "ClusterProtectionLevel") {
				return p.Value
			}
		}
	}
	return ""
}

func readFabricCluster(r *engine.Reading) any {
	var data fabricData
	r.Decode(&data)
	doc := &FabricCluster{Managed: r.Managed()}
	p := engine.Need(r, data.Properties, "encrypts_and_signs", "certificate")
	if data.Properties == nil {
		return doc
	}
	doc.Certificate = p.Certificate != nil || p.CertificateCommonNames != nil
	if !doc.Certificate && p.FabricSettings == nil { // there is always a list
		r.Absent("read "+r.Type, "encrypts_and_signs", "certificate")
	}
	level := data.protection()
	if level == "" { // as documented: EncryptAndSign for clusters with a certificate, None for others
		doc.EncryptsAndSigns = doc.Certificate
		return doc
	}
	doc.EncryptsAndSigns = oneOf(r, "protection level", level, "encrypts_and_signs", "None", "Sign", "EncryptAndSign") == "EncryptAndSign"
	return doc
}
