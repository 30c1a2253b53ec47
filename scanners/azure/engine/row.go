package engine

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners/odd"
)

// Row is one resource as Resource Graph lists it, or as Azure Resource Manager
// returns it: both have the same form.
type Row struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Type          string            `json:"type"`
	Location      string            `json:"location"`
	ManagedBy     string            `json:"managedBy"` // the id of the resource that made it and keeps it
	ResourceGroup string            `json:"resourceGroup"`
	Subscription  string            `json:"subscriptionId"`
	Tags          map[string]string `json:"tags"`
	Count         int               `json:"count_"` // of a query that counts

	Data    json.RawMessage `json:"-"` // the whole row
	bare    bool            // without properties
	oddTags bool            // they are no names with texts
	kept    bool            // another resource made its resource group and keeps it
}

var errNoID error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "id", Text: "Resource Graph lists a resource without an id"}

// newRow reads a row. Ids are not case-sensitive, and Resource Graph writes
// them in any case: they are kept in lower case, so that the same resource has
// one id.
func newRow(data json.RawMessage) (*Row, error) {
	head := struct {
		Row
		Properties properties
		Tags       json.RawMessage `json:"tags"` // a text where a stranger's template set it so
	}{}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, err
	}
	row := head.Row
	row.Data, row.ID, row.Location, row.bare = data, strings.ToLower(row.ID), RegionName(row.Location), !bool(head.Properties)
	if len(head.Tags) > 0 && json.Unmarshal(head.Tags, &row.Tags) != nil {
		row.Tags, row.oddTags = nil, true
	}
	if row.ID == "" || !strings.HasPrefix(row.ID, "/") {
		return nil, errNoID
	}
	if row.Subscription == "" {
		row.Subscription = partAfter(row.ID, "/subscriptions/")
	}
	row.Subscription = strings.ToLower(row.Subscription)
	if row.ResourceGroup == "" {
		row.ResourceGroup = partAfter(row.ID, "/resourcegroups/")
	}
	return &row, nil
}

// RegionName returns the name of a region, "westeurope", from either of its
// forms: some providers write "West Europe".
func RegionName(text string) string { return strings.ToLower(strings.ReplaceAll(text, " ", "")) }

var errNoProperties error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the resource comes without its properties"}

var errNoData error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "nothing is known of the resource"}

// decode reads the row's members that into has.
func (r *Row) decode(into any) error {
	parts, err := r.decodeParts(into)
	return errors.Join(err, oddError(parts))
}

// oddError returns the error of members of another type than expected, nil for
// none.
func oddError(parts []odd.Part) error {
	if len(parts) == 0 {
		return nil
	}
	return &posture.ReasonError{Reason: posture.NotUnderstood, Code: odd.Names(parts), Text: "members of another type than expected"}
}

// decodeParts does so without the members that are of another type than
// expected, and returns these.
func (r *Row) decodeParts(into any) ([]odd.Part, error) {
	if len(r.Data) == 0 {
		return nil, errNoData
	}
	if r.bare && hasProperties(into) {
		return nil, errNoProperties
	}
	return odd.Decode(r.Data, into, "gives")
}

// Managed reports whether another resource made this one and keeps it, so that
// it is not the customer's to change: it says so itself, or its resource group
// does, also by the name that Azure gives to those of AKS, Databricks and managed
// applications. A disk only says which machine it is attached to.
func (r *Row) Managed() bool {
	group, owner := strings.ToLower(r.ResourceGroup), strings.ToLower(r.ManagedBy)
	return r.kept || owner != "" && !strings.Contains(owner, "/providers/microsoft.compute/virtualmachine") || strings.HasPrefix(group, "mc_") || strings.HasPrefix(group, "databricks-rg-") || strings.HasPrefix(group, "mrg-")
}

// group returns the id of the row's resource group.
func (r *Row) group() string {
	return "/subscriptions/" + r.Subscription + "/resourcegroups/" + strings.ToLower(r.ResourceGroup)
}

// LastOf returns the last part of an id.
func LastOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// Parent returns the id of the resource that another one is a part of, "" for
// one that is no part.
func Parent(id string) string {
	parent := path.Dir(path.Dir(id))
	if strings.HasSuffix(path.Dir(parent), "/providers") || !strings.Contains(parent, "/providers/") {
		return ""
	}
	return parent
}

// clone returns a copy that shares no memory with the buffer that the row was
// unpacked into.
func (r *Row) clone() *Row {
	kept := *r
	kept.Data = slices.Clone(r.Data)
	return &kept
}
