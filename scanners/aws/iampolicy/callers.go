package iampolicy

import "slices"

// CalledBy returns the services that a statement of the document lets in, whatever
// its conditions are: "s3.amazonaws.com". They are sorted, each there once. What
// denies take back is not looked at.
func (d Document) CalledBy() []string {
	var services []string
	for _, s := range d.statements {
		for _, by := range s.principal {
			if s.allow && by.kind == "Service" {
				services = append(services, by.text)
			}
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}
