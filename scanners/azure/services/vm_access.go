package services

import (
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
)

// jitPolicy is what is read of a policy of just-in-time access
// (learn.microsoft.com/rest/api/defenderforcloud/jit-network-access-policies/list).
type jitPolicy struct {
	Properties struct{ VirtualMachines []idRef }
}

// justInTime reports whether a policy of just-in-time access is for the machine.
// Resource Graph has none of them.
func justInTime(r *engine.Reading) bool {
	if !r.Wants("just_in_time") {
		return false
	}
	guarded, err := engine.Once(r, readJITPolicies, func() (map[string]bool, error) {
		all, err := engine.FetchAllOf[jitPolicy](r, readJITPolicies, "/subscriptions/"+r.Row.Subscription, "/providers/Microsoft.Security/jitNetworkAccessPolicies", "2020-01-01")
		guarded := map[string]bool{}
		for _, policy := range all {
			for _, id := range lowIDs(policy.Properties.VirtualMachines) {
				guarded[id] = true
			}
		}
		return guarded, err
	})
	r.Got(err, "just_in_time")
	return guarded[r.ID]
}

// bastionData is what is read of an Azure Bastion
// (learn.microsoft.com/rest/api/virtualnetwork/bastion-hosts/get).
type bastionData struct {
	Properties struct {
		IPConfigurations []struct{ Properties struct{ Subnet idRef } }
		VirtualNetwork   idRef // of one without a subnet of its own, which peers do not reach
	}
}

// PointsTo implements engine.Pointer: it returns the network that it is in.
func (b bastionData) PointsTo() []string {
	in := []string{b.Properties.VirtualNetwork.low()}
	for _, c := range b.Properties.IPConfigurations {
		in = append(in, engine.Parent(c.Properties.Subnet.low()))
	}
	return in
}

func (b bastionData) shared() bool { return len(b.Properties.IPConfigurations) > 0 }

// readVMAccess reads the ways by which people get at the machine to manage it.
func readVMAccess(r *engine.Reading, data *vmData, doc *VirtualMachine) {
	doc.JustInTime = justInTime(r)
	interfaces := data.Properties.NetworkProfile.NetworkInterfaces
	if len(interfaces) == 0 {
		r.Absent("read "+r.Type, "bastion")
	}
	unlisted := false
	for _, id := range interfaces {
		listed := engine.Pointing[interfaceData](r, typeNetworkInterface, id.low(), "bastion")
		unlisted = unlisted || len(listed) == 0
		for _, found := range listed {
			for _, c := range found.Data.Properties.IPConfigurations {
				doc.Bastion = doc.Bastion || hasBastion(r, engine.Parent(c.Properties.Subnet.low()))
			}
		}
	}
	if unlisted && !doc.Bastion {
		r.Absent("read "+typeNetworkInterface, "bastion")
	}
}

// hasBastion reports whether an Azure Bastion is in the network or in one that it
// is peered with. What is in another subscription is not known.
func hasBastion(r *engine.Reading, network string) bool {
	if network == "" {
		r.Absent("read "+typeNetworkInterface, "bastion")
	}
	if len(engine.Pointing[bastionData](r, typeBastion, network, "bastion")) > 0 {
		return true
	}
	away := false
	for _, found := range engine.Pointing[networkData](r, typeVirtualNetwork, network, "bastion") {
		for _, peer := range found.Data.Properties.VirtualNetworkPeerings {
			other := peer.Properties.RemoteVirtualNetwork.low()
			if state := peer.Properties.PeeringState; state != "" && !strings.EqualFold(state, "Connected") {
				continue
			}
			hosts := engine.Pointing[bastionData](r, typeBastion, other, "bastion")
			if slices.ContainsFunc(hosts, func(b engine.Joined[bastionData]) bool { return b.Data.shared() }) {
				return true
			}
			away = away || !strings.HasPrefix(other, "/subscriptions/"+r.Row.Subscription+"/")
		}
	}
	if away {
		r.Mark(posture.Cause{Reason: posture.OtherAccount, Operation: "read " + typeBastion, Code: "peered network"}, "bastion")
	}
	return false
}
