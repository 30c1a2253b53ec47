package iampolicy

// Trusted says who may take a role.
type Trusted struct {
	Verdict                            // who may call sts:AssumeRole
	Unscoped              []Entry      // of Others, those that need no external id, no MFA, and of whom nothing is asked but their account
	UnscopedOrganizations []Entry      // organizations that need none of it either
	Unsure                bool         // Unscoped may lack somebody: something was not understood
	Federated             []Federation // who may come from identity providers
}

// Trust says who may take a role that has the trust policy. Only the actions
// that take a role count: tagging a session or naming its source lets nobody in.
func Trust(doc Document, ask Ask) Trusted {
	ask.Service, ask.Resource, ask.Actions = "sts", "", []string{"sts:AssumeRole"}
	list := doc.admissions(ask)
	t := Trusted{Verdict: doc.verdict(list, ask), Federated: doc.guarded(ask).federations()}
	for _, a := range list {
		reach := a.reachOf(ask)
		switch {
		case a.scoped:
		case a.unsure && reach >= Service:
			t.Unsure = true
		case reach == Accounts, reach == Named && a.id != "" && a.id != ask.Account:
			t.Unscoped = append(t.Unscoped, Entry{a.id, doc.statements[a.by].Statement})
		case reach == Organization:
			t.UnscopedOrganizations = append(t.UnscopedOrganizations, Entry{a.id, doc.statements[a.by].Statement})
		case reach >= AnyAccount:
			t.Unscoped = append(t.Unscoped, Entry{"*", doc.statements[a.by].Statement})
		}
	}
	t.Unscoped, t.UnscopedOrganizations = inOrder(t.Unscoped), inOrder(t.UnscopedOrganizations)
	return t
}
