package services

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// GuardDutyDetector is what rules may ask of GuardDuty in one region. There is
// one in every region, also where GuardDuty was never set up.
type GuardDutyDetector struct {
	Enabled           bool      `json:"enabled"`             // a detector exists and is not suspended
	Features          []string  `json:"features"`            // enabled protection plans by the API's names, as S3_DATA_EVENTS, sorted
	Unavailable       []string  `json:"unavailable"`         // protection plans that GuardDuty does not have in this region, sorted
	OpenHighFindings  bool      `json:"open_high_findings"`  // a finding of severity 7 or more is not archived
	OldestHighFinding time.Time `json:"oldest_high_finding"` // when the oldest such finding was first made
}

var guardDutyDetectors = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::GuardDuty::Detector",
		Service: "guardduty",
		Doc:     GuardDutyDetector{},
		Calls: []scanners.Call{
			{Op: "guardduty:ListDetectors"},
			{Op: "guardduty:GetDetector", For: []string{"enabled", "features", "unavailable"}},
			{Op: "guardduty:ListFindings", For: []string{"open_high_findings", "oldest_high_finding"}},
			{Op: "guardduty:GetFindings", For: []string{"oldest_high_finding"}},
		},
		Console: scanners.Console{Path: "/guardduty/home?region={region}#/settings"},
	},
	Scan: scanGuardDuty,
}

// alwaysOn holds the sources of a detector that are no plans.
var alwaysOn = map[types.DetectorFeatureResult]bool{
	types.DetectorFeatureResultCloudTrail: true, types.DetectorFeatureResultDnsLogs: true, types.DetectorFeatureResultFlowLogs: true,
}

func guardDutyClient(p *engine.Place) *guardduty.Client {
	return engine.Client(p, guardduty.NewFromConfig)
}

// scanGuardDuty emits the region's one detector.
func scanGuardDuty(ctx context.Context, p *engine.Place) error {
	var doc GuardDutyDetector
	r := p.Read()
	pages := guardduty.NewListDetectorsPaginator(guardDutyClient(p), &guardduty.ListDetectorsInput{MaxResults: aws.Int32(50)})
	ids, err := engine.ListAll(ctx, pages, func(out *guardduty.ListDetectorsOutput) []string { return out.DetectorIds })
	if r.Got(err, "enabled", "features", "unavailable", "open_high_findings", "oldest_high_finding") && len(ids) > 0 {
		readGuardDutyDetector(ctx, r, ids[0], &doc)
		readGuardDutyFindings(ctx, r, ids[0], &doc)
	}
	r.Emit(p.ARN("guardduty", "detector"), "GuardDuty", nil, &doc)
	return nil
}

func readGuardDutyDetector(ctx context.Context, r *engine.Reading, id string, doc *GuardDutyDetector) {
	if !r.Wants("enabled", "features", "unavailable") {
		return
	}
	out, err := guardDutyClient(r.Place).GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
	if !r.Got(err, "enabled", "features", "unavailable") {
		return
	}
	doc.Enabled = choice(r, out.Status, "guardduty:GetDetector", "enabled") == types.DetectorStatusEnabled
	readGuardDutyPlans(r, out.Features, doc)
}

// readGuardDutyPlans sorts the plans that GuardDuty has into enabled ones and,
// by their absence, those that the region lacks: a detector names all others,
// enabled or not.
func readGuardDutyPlans(r *engine.Reading, named []types.DetectorFeatureConfigurationResult, doc *GuardDutyDetector) {
	if len(named) == 0 {
		r.Absent("guardduty:GetDetector", "features", "unavailable")
		return
	}
	there := map[types.DetectorFeatureResult]bool{}
	for _, feature := range named {
		there[feature.Name] = true
		if feature.Status == types.FeatureStatusEnabled {
			doc.Features = append(doc.Features, string(feature.Name))
		}
	}
	slices.Sort(doc.Features)
	for _, plan := range types.DetectorFeatureResult("").Values() {
		if !there[plan] && !alwaysOn[plan] {
			doc.Unavailable = append(doc.Unavailable, string(plan))
		}
	}
	slices.Sort(doc.Unavailable)
}

// readGuardDutyFindings asks for the oldest finding of high severity only.
func readGuardDutyFindings(ctx context.Context, r *engine.Reading, id string, doc *GuardDutyDetector) {
	if !r.Wants("open_high_findings", "oldest_high_finding") {
		return
	}
	client := guardDutyClient(r.Place)
	list, err := client.ListFindings(ctx, &guardduty.ListFindingsInput{
		DetectorId: &id,
		MaxResults: aws.Int32(1),
		FindingCriteria: &types.FindingCriteria{Criterion: map[string]types.Condition{
			"severity":         {GreaterThanOrEqual: aws.Int64(7)},
			"service.archived": {Equals: []string{strconv.FormatBool(false)}},
		}},
		SortCriteria: &types.SortCriteria{AttributeName: aws.String("createdAt"), OrderBy: types.OrderByAsc},
	})
	if !r.Got(err, "open_high_findings", "oldest_high_finding") || len(list.FindingIds) == 0 {
		return
	}
	doc.OpenHighFindings = true
	found, err := client.GetFindings(ctx, &guardduty.GetFindingsInput{DetectorId: &id, FindingIds: list.FindingIds})
	if !r.Got(err, "oldest_high_finding") {
		return
	}
	if len(found.Findings) == 0 || found.Findings[0].CreatedAt == nil {
		r.Absent("guardduty:GetFindings", "oldest_high_finding")
		return
	}
	if doc.OldestHighFinding, err = time.Parse(time.RFC3339, *found.Findings[0].CreatedAt); err != nil {
		r.Got(engine.Malformed("guardduty:GetFindings", err), "oldest_high_finding")
	}
}
