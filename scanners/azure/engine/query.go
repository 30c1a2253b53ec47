package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// pageSize is how many rows a page of Resource Graph may have.
const pageSize = 1000

// above are the tables that also hold what is set above a subscription.
var above = []string{"authorizationresources", "policyresources"}

// question is one query of Resource Graph, page after page.
type question struct {
	table         string
	types         []string
	count         bool // how many rows each subscription has, instead of them
	subscriptions []string
}

// text returns the query. Without an order pages overlap and leave rows out.
func (q question) text() string {
	if q.count {
		return q.table + " | summarize count_ = count() by subscriptionId | extend id = strcat('/subscriptions/', subscriptionId) | order by id asc"
	}
	var quoted []string
	for _, typ := range q.types {
		quoted = append(quoted, "'"+strings.ToLower(typ)+"'")
	}
	return fmt.Sprintf("%s | where type in~ (%s) | order by id asc", q.table, strings.Join(quoted, ", "))
}

// page is what a query is answered. It is read from the answer itself, because
// the client makes floating numbers of whole ones.
type page struct {
	TotalRecords    *int64            `json:"totalRecords"`
	Count           *int64            `json:"count"`
	Data            []json.RawMessage `json:"data"`
	SkipToken       string            `json:"$skipToken"`
	ResultTruncated any               `json:"resultTruncated"` // "true", "false"; a boolean in older answers
}

var (
	errTruncated    error = &posture.ReasonError{Reason: posture.TooMuch, Code: "truncated", Text: "Resource Graph cut the list and gives no more of it"}
	errManyScopes   error = &posture.ReasonError{Reason: posture.TooMuch, Code: "subscriptions", Text: "Resource Graph did not look into all subscriptions"}
	errFewRows      error = &posture.ReasonError{Reason: posture.Malformed, Code: "rows", Text: "Resource Graph listed fewer rows than it says there are"}
	errNoPage       error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer lacks rows"}
	limitHitHeader        = "x-ms-tenant-subscription-limit-hit"
	truncatedAnswer       = "true"
)

// ask asks until the list is whole, and hands every row to take once, also those
// of a list that then breaks off. Where the list changes between two pages, a
// row may come again on the second in the place of another: it is not counted.
func (e *Estate) ask(ctx context.Context, q question, take func(*Row)) error {
	rows, said, pages := int64(0), int64(0), 0
	first := map[string]int{} // the page that a row was on, by its id
	var bad error
	next := func(token string) (page, error) { return e.page(ctx, q, token) }
	err := answer.Pages(next, func(p page) string { return p.SkipToken }, func(p page) bool {
		pages++
		for _, data := range p.Data {
			row, err := newRow(data)
			if err != nil {
				bad = errors.Join(bad, err)
				continue
			}
			before, again := first[row.ID]
			if !again {
				first[row.ID] = pages
				take(row)
			}
			if !again || before == pages { // one that is twice on a page is twice in the table
				rows++
			}
		}
		said = *p.TotalRecords
		if p.SkipToken == "" && strings.EqualFold(fmt.Sprint(p.ResultTruncated), truncatedAnswer) {
			bad = errors.Join(bad, errTruncated)
		}
		return !e.options.Sample
	})
	if err == nil && bad == nil && !e.options.Sample && rows < said {
		err = errFewRows
	}
	return scanners.Failed(queryOperation(q.table), errors.Join(err, bad))
}

// page asks for one page.
func (e *Estate) page(ctx context.Context, q question, token string) (page, error) {
	request := armresourcegraph.QueryRequest{
		Query:         to.Ptr(q.text()),
		Subscriptions: to.SliceOfPtrs(q.subscriptions...),
		Options: &armresourcegraph.QueryRequestOptions{
			ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray), Top: to.Ptr(int32(pageSize)),
		},
	}
	if token != "" {
		request.Options.SkipToken = &token
	}
	if slices.Contains(above, q.table) {
		request.Options.AuthorizationScopeFilter = to.Ptr(armresourcegraph.AuthorizationScopeFilterAtScopeAboveAndBelow)
	}
	e.record.Count(queryOperation(q.table))
	ctx = named(ctx, queryOperation(q.table))
	defer scanners.UnderWay(ctx, queryOperation(q.table), "")()
	var raw *http.Response
	if _, err := e.query.Resources(policy.WithCaptureResponse(ctx, &raw), request, nil); err != nil {
		return page{}, err
	}
	return readPage(raw)
}

// readPage reads an answer to a query.
func readPage(raw *http.Response) (page, error) {
	body, err := runtime.Payload(raw)
	if err != nil {
		return page{}, err
	}
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return page{}, errors.Join(errNoPage, err)
	}
	switch {
	case p.TotalRecords == nil || p.Data == nil:
		return page{}, errNoPage
	case strings.EqualFold(raw.Header.Get(limitHitHeader), "true"):
		return page{}, errManyScopes
	}
	return p, nil
}
