package azuretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The forms of queries that the scanner asks.
var (
	listQuery  = regexp.MustCompile(`^(\w+) \| where type in~ \(([^)]*)\) \| order by id asc$`)
	countQuery = regexp.MustCompile(`^(\w+) \| summarize count_ = count\(\) by subscriptionId \| extend id = strcat\('/subscriptions/', subscriptionId\) \| order by id asc$`)
)

type queryRequest struct {
	Query         string
	Subscriptions []string
	Options       struct {
		ResultFormat             string
		Top                      int    `json:"$top"`
		SkipToken                string `json:"$skipToken"`
		AuthorizationScopeFilter string
	}
}

// query answers a query of one of the forms that the scanner asks.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	var q queryRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		Refuse(w, http.StatusBadRequest, "BadRequest")
		return
	}
	var rows []map[string]any
	list, count := listQuery.FindStringSubmatch(q.Query), countQuery.FindStringSubmatch(q.Query)
	switch {
	case q.Options.ResultFormat != "objectArray":
		Refuse(w, http.StatusBadRequest, "BadRequest")
		return
	case list != nil:
		s.note("POST query " + list[1])
		rows = s.once(fmt.Sprint(q.Query, q.Subscriptions, q.Options.AuthorizationScopeFilter, s.Hide), func() []map[string]any {
			return s.list(list[1], strings.Split(strings.NewReplacer("'", "", " ", "").Replace(list[2]), ","), q)
		})
	case count != nil:
		s.note("POST query count of " + count[1])
		rows = s.count(count[1], q)
	default:
		Refuse(w, http.StatusBadRequest, "InvalidQuery")
		return
	}
	s.page(w, q, rows)
}

// once returns what a query lists, which its further pages list too.
func (s *Server) once(question string, list func() []map[string]any) []map[string]any {
	s.mu.Lock()
	rows, known := s.sorted[question]
	s.mu.Unlock()
	if known {
		return rows
	}
	rows = list()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sorted[question] = rows
	return rows
}

// list returns the rows of the types that the request's scope shows, by id.
func (s *Server) list(table string, types []string, q queryRequest) []map[string]any {
	var rows []map[string]any
	for _, row := range s.table(table) {
		typ, _ := row["type"].(string)
		hidden := s.Hide != "" && strings.Contains(strings.ToLower(fmt.Sprint(row["id"])), strings.ToLower(s.Hide))
		if slices.Contains(types, strings.ToLower(typ)) && q.shows(row) && !hidden {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])) })
	return rows
}

// shows reports whether a row is in the request's scope.
func (q queryRequest) shows(row map[string]any) bool {
	subscription, _ := row["subscriptionId"].(string)
	if subscription == "" {
		return q.Options.AuthorizationScopeFilter == "AtScopeAboveAndBelow"
	}
	return slices.ContainsFunc(q.Subscriptions, func(id string) bool { return strings.EqualFold(id, subscription) })
}

func (s *Server) count(table string, q queryRequest) []map[string]any {
	counts := map[string]int{}
	for _, row := range s.table(table) {
		if subscription, _ := row["subscriptionId"].(string); subscription != "" && q.shows(row) {
			counts[subscription]++
		}
	}
	var rows []map[string]any
	for subscription, n := range counts {
		rows = append(rows, map[string]any{"id": "/subscriptions/" + subscription, "subscriptionId": subscription, "count_": n})
	}
	return rows
}

// page answers with a page of the rows.
func (s *Server) page(w http.ResponseWriter, q queryRequest, rows []map[string]any) {
	first, _ := strconv.Atoi(q.Options.SkipToken)
	size := q.Options.Top
	if s.PageRows > 0 {
		size = min(size, s.PageRows)
	}
	last := min(first+size, len(rows))
	shown := rows[min(first, last):last]
	if shown == nil {
		shown = []map[string]any{}
	}
	answer := map[string]any{"totalRecords": len(rows), "count": len(shown), "data": shown, "facets": []any{}, "resultTruncated": "false"}
	if last < len(rows) {
		answer["$skipToken"] = strconv.Itoa(last)
	}
	if s.Quota == nil {
		w.Header().Set("x-ms-user-quota-remaining", "14")
		w.Header().Set("x-ms-user-quota-resets-after", "00:00:05")
	}
	_ = json.NewEncoder(w).Encode(answer)
}
