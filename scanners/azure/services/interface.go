package services

import (
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// NetworkInterface is what rules may ask of a network interface.
type NetworkInterface struct {
	ForwardsIP bool `json:"forwards_ip"` // it sends and takes packets of other addresses than its own
	OfMachine  bool `json:"of_machine"`  // it is attached to a virtual machine
	Managed    bool `json:"managed"`     // another service made it and keeps it
}

var networkInterfaces = engine.Service{
	Type: scanners.Type{
		Name:    typeNetworkInterface,
		Service: "network",
		Doc:     NetworkInterface{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  networkVersion,
	Read: readNetworkInterface,
}

func readNetworkInterface(r *engine.Reading) any {
	var data interfaceData
	r.Decode(&data)
	return &NetworkInterface{
		ForwardsIP: engine.Need(r, data.Properties.EnableIPForwarding, "forwards_ip"),
		OfMachine:  data.Properties.VirtualMachine.ID != "",
		Managed:    r.Managed(),
	}
}
