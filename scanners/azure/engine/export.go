package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/packed"
)

// Export is a file that az graph query wrote: an object with the rows in data,
// or the rows alone as an array.
type Export struct {
	Name string // for errors
	io.Reader
}

// exported is what exports hold instead of Azure.
type exported struct {
	rows    *rows
	whole   bool              // nothing was left out of them
	targets map[string]string // names of subscriptions, by id
	tables  map[string]string // of the types that are read, in lower case
	ids     map[string]bool   // rows that are kept: files may hold one twice
}

// Why an export is refused, or nothing more is known than it holds.
var (
	errExport      error = &posture.ReasonError{Reason: posture.NotListed, Code: "the export does not hold it", Text: "an export was read, and no cloud"}
	errExportCut   error = &posture.ReasonError{Reason: posture.TooMuch, Code: "the export is truncated", Text: "the export holds fewer rows than the query had"}
	errNoRows            = errors.New("it holds no rows: run az graph query -q 'resources' --first 1000 --output json")
	errNoQuery           = errors.New("not what az graph query writes: expected an object with data, or an array of rows")
	errOtherQuery        = errors.New("its rows have no id, type and subscriptionId: they are of a query that selects or counts; export whole rows, as of the query resources")
	errUTF16             = errors.New("the file is UTF-16: write it as UTF-8")
	errZipped            = errors.New("the file is compressed: unpack it first")
	errNoneOfTypes       = errors.New("the exports hold no subscription")
)

// FromExport reads exports instead of asking Azure. What they do not hold is
// not known: a type of which they have no row of a subscription is not complete
// there, unless the options say that nothing was left out. What Resource Graph
// lacks is unread. A file of other queries is an error.
func FromExport(r Registry, exports []Export, o Options) (*Estate, error) {
	e := &Estate{registry: r, declared: r.Catalogue(), options: o}
	e.permission = e.declared.PermissionsByOp()
	if err := e.declared.CheckServices(o.Services); err != nil {
		return nil, err
	}
	held := &rows{texts: map[rowsKey]*packed.Texts{}, listed: map[listing]error{}, seen: map[string]bool{}, kept: map[string]bool{}}
	var err error
	if held.packer, err = packed.New(); err != nil {
		return nil, err
	}
	e.export = &exported{rows: held, whole: o.Complete, targets: map[string]string{}, tables: r.tables(), ids: map[string]bool{}}
	held.export = e.export
	totals := map[int64]int64{} // rows of files that are a part of a query's, by how many the query had
	for _, export := range exports {
		if err := e.export.take(export, totals); err != nil {
			return nil, fmt.Errorf("%s: %w", export.Name, err)
		}
	}
	for total, n := range totals {
		if n != total { // less was exported, or parts of several queries
			held.broken = errExportCut
		}
	}
	held.seal(held.broken)
	if len(e.export.targets) == 0 {
		return nil, errNoneOfTypes
	}
	return e, nil
}

// tables returns the tables of the types that are read.
func (r *Registry) tables() map[string]string {
	tables := map[string]string{strings.ToLower(subscriptionType): containersTable}
	for i := range r.Services {
		s := &r.Services[i]
		for _, l := range s.needs(scanners.FieldsOf(s.Doc)) {
			tables[strings.ToLower(l.typ)] = l.table
		}
	}
	return tables
}

// result is what az graph query writes.
type result struct {
	Count        *int64            `json:"count"`
	Data         []json.RawMessage `json:"data"`
	SkipToken    *string           `json:"skip_token"`
	TotalRecords *int64            `json:"total_records"`
}

// cutAt are the numbers of rows at which az graph query ends without being asked
// for more.
var cutAt = []int{100, 1000}

// take keeps what one file holds.
func (x *exported) take(export Export, totals map[int64]int64) error {
	text, err := io.ReadAll(export)
	if err != nil {
		return err
	}
	found, err := readResult(text)
	if err != nil {
		return err
	}
	n := int64(len(found.Data))
	switch {
	case found.TotalRecords != nil && *found.TotalRecords == n:
	case found.TotalRecords != nil:
		totals[*found.TotalRecords] += n
	case found.SkipToken != nil && *found.SkipToken != "", found.Count != nil && *found.Count != n, slices.Contains(cutAt, len(found.Data)):
		x.rows.broken = errExportCut
	}
	if n == 0 {
		return errNoRows
	}
	for i, data := range found.Data {
		row, err := exportedRow(data)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		x.keep(row)
	}
	return nil
}

// readResult reads a file.
func readResult(text []byte) (result, error) {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return result{}, errUTF16
	case bytes.HasPrefix(text, []byte("\x1f\x8b")), bytes.HasPrefix(text, []byte("PK")):
		return result{}, errZipped
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	var found result
	var err error
	switch {
	case len(text) == 0:
		return found, errNoRows
	case text[0] == '[':
		err = json.Unmarshal(text, &found.Data)
	default:
		err = json.Unmarshal(text, &found)
	}
	if err != nil || found.Data == nil {
		return found, errors.Join(errNoQuery, err)
	}
	return found, nil
}

// exportedRow reads a row. A query may have left out its properties: they are
// not known then.
func exportedRow(data json.RawMessage) (*Row, error) {
	row, err := newRow(data)
	if err != nil || row.Type == "" {
		return nil, errors.Join(errOtherQuery, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, errors.Join(errOtherQuery, err)
	}
	if _, has := members["subscriptionId"]; !has && row.Subscription == "" {
		return nil, errOtherQuery
	}
	return row, nil
}

// keep keeps a row of a type that is read, once, and its subscription.
func (x *exported) keep(row *Row) {
	table, known := x.tables[strings.ToLower(row.Type)]
	if row.Subscription != "" {
		x.rows.seen[row.Subscription] = true
		if strings.EqualFold(row.Type, subscriptionType) || x.targets[row.Subscription] == "" {
			x.targets[row.Subscription] = nameOf(row)
		}
	}
	if known && !x.ids[row.ID] {
		x.ids[row.ID] = true
		x.rows.take(table, row)
	}
}

// nameOf returns the name of a subscription, "" for another row.
func nameOf(row *Row) string {
	if strings.EqualFold(row.Type, subscriptionType) {
		return row.Name
	}
	return ""
}

// list returns the subscriptions of the exports.
func (x *exported) list() []posture.Target {
	var targets []posture.Target
	for id, name := range x.targets {
		targets = append(targets, posture.Target{Provider: posture.Azure, Account: id, Name: name})
	}
	slices.SortFunc(targets, func(a, b posture.Target) int { return strings.Compare(a.Account, b.Account) })
	return targets
}

// complete returns nil where the exports hold all of a type in a subscription.
func (x *exported) complete(l listing, subscription string) error {
	if x.whole || x.rows.texts[rowsKey{l.lower(), subscription}] != nil {
		return nil
	}
	return scanners.Failed(queryOperation(l.table), errExport)
}
