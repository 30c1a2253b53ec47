package services

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AccessAnalyzer is what rules may ask of IAM Access Analyzer in one region.
// There is one in every region, also where no analyzer was ever made.
type AccessAnalyzer struct {
	External     bool      `json:"external"`      // an analyzer of access from outside of the account or organization is active
	Internal     bool      `json:"internal"`      // an analyzer of access from inside is active
	Unused       bool      `json:"unused"`        // an analyzer of unused access is active
	OpenAccess   bool      `json:"open_access"`   // a finding of access from outside or inside is neither resolved nor archived
	OldestAccess time.Time `json:"oldest_access"` // when the oldest such finding was made
	OpenUnused   bool      `json:"open_unused"`   // a finding of unused access is neither resolved nor archived
	OldestUnused time.Time `json:"oldest_unused"` // when the oldest such finding was made
}

var accessAnalyzers = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::AccessAnalyzer::Analyzer",
		Service: "access-analyzer",
		Doc:     AccessAnalyzer{},
		Calls: []scanners.Call{
			{Op: "access-analyzer:ListAnalyzers", For: []string{"external", "internal", "unused", "open_access", "oldest_access", "open_unused", "oldest_unused"}},
			{Op: "access-analyzer:ListFindingsV2", Permission: "access-analyzer:ListFindings", For: []string{"open_access", "oldest_access", "open_unused", "oldest_unused"}},
		},
		Console: scanners.Console{Path: "/access-analyzer/home?region={region}#/"},
	},
	Scan: scanAccessAnalyzer,
}

// What analyzers look for.
var (
	ofExternalAccess = []types.Type{types.TypeAccount, types.TypeOrganization}
	ofInternalAccess = []types.Type{types.TypeAccountInternalAccess, types.TypeOrganizationInternalAccess}
	ofUnusedAccess   = []types.Type{types.TypeAccountUnusedAccess, types.TypeOrganizationUnusedAccess}
)

// scanAccessAnalyzer emits the region's one.
func scanAccessAnalyzer(ctx context.Context, p *engine.Place) error {
	var doc AccessAnalyzer
	a := &analyzersReading{Reading: p.Read()}
	a.active, a.err = activeAnalyzers(ctx, p)
	doc.External = a.exists(ofExternalAccess, "external")
	doc.Internal = a.exists(ofInternalAccess, "internal")
	doc.Unused = a.exists(ofUnusedAccess, "unused")
	doc.OpenAccess, doc.OldestAccess = a.oldest(ctx, slices.Concat(ofExternalAccess, ofInternalAccess), "open_access", "oldest_access")
	doc.OpenUnused, doc.OldestUnused = a.oldest(ctx, ofUnusedAccess, "open_unused", "oldest_unused")
	a.Emit(p.ARN("access-analyzer", "analyzer"), "IAM Access Analyzer", nil, &doc)
	return nil
}

// analyzersReading is a region's analyzers being read.
type analyzersReading struct {
	*engine.Reading
	active []types.AnalyzerSummary
	err    error // why there may be more
}

// exists reports whether there is an analyzer of the kinds.
func (a *analyzersReading) exists(kinds []types.Type, field string) bool {
	there := slices.ContainsFunc(a.active, func(analyzer types.AnalyzerSummary) bool { return slices.Contains(kinds, analyzer.Type) })
	if !there {
		a.Got(a.err, field)
	}
	return there
}

// oldest reports whether analyzers of the kinds have active findings, and when
// the oldest was made.
func (a *analyzersReading) oldest(ctx context.Context, kinds []types.Type, open, since string) (there bool, made time.Time) {
	if !a.Wants(open, since) {
		return false, time.Time{}
	}
	var dates []time.Time
	err := a.err
	for _, analyzer := range a.active {
		if slices.Contains(kinds, analyzer.Type) {
			err = cmp.Or(err, eachFinding(ctx, a.Place, analyzer.Arn, map[string]types.Criterion{}, func(finding types.FindingSummaryV2) {
				dates = append(dates, aws.ToTime(finding.CreatedAt))
			}))
		}
	}
	if len(dates) == 0 {
		a.Got(err, open, since)
		return false, time.Time{}
	}
	made = slices.MinFunc(dates, time.Time.Compare)
	if made.IsZero() {
		err = cmp.Or(err, engine.Malformed("access-analyzer:ListFindingsV2", errFindingDate))
	}
	if !a.Got(err, since) {
		return true, time.Time{}
	}
	return true, made
}

var errFindingDate error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a finding has no date"}
