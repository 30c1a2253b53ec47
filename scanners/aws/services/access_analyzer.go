package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// byAnalyzer is the field for what IAM Access Analyzer says of a resource: an
// analyzer of the region has an active finding that it is public. It is beside our
// own reading of the policy, and either suffices.
const byAnalyzer = "public_by_analyzer"

// analyzerCalls returns the calls that read what IAM Access Analyzer found.
func analyzerCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "access-analyzer:ListAnalyzers", For: []string{byAnalyzer}},
		{Op: "access-analyzer:ListFindingsV2", Permission: "access-analyzer:ListFindings", For: []string{byAnalyzer}},
	}
}

// analysis is what the analyzers of a region found.
type analysis struct {
	exists   bool            // there is an analyzer of access from outside
	public   map[string]bool // ARNs of the account's resources that are public
	unlisted bool            // analyzers could not be listed, and none is known
}

func analyzerClient(p *engine.Place) *accessanalyzer.Client {
	return engine.Client(p, accessanalyzer.NewFromConfig)
}

// readAnalysis reads the findings of all analyzers, once per account and region.
func readAnalysis(ctx context.Context, p *engine.Place) (analysis, error) {
	return engine.Once(p, "public by Access Analyzer", func() (analysis, error) {
		analyzers, err := activeAnalyzers(ctx, p)
		found := analysis{public: map[string]bool{}}
		for _, analyzer := range analyzers {
			if slices.Contains(ofExternalAccess, analyzer.Type) {
				found.exists = true
				err = cmp.Or(err, found.read(ctx, p, analyzer.Arn))
			}
		}
		found.unlisted = err != nil && !found.exists
		return found, err
	})
}

// activeAnalyzers lists the analyzers of a region that are at work, once per
// account and region. With an error come those of the pages before it.
func activeAnalyzers(ctx context.Context, p *engine.Place) ([]types.AnalyzerSummary, error) {
	return engine.Once(p, "analyzers", func() ([]types.AnalyzerSummary, error) {
		var active []types.AnalyzerSummary
		var untold error
		pages := accessanalyzer.NewListAnalyzersPaginator(analyzerClient(p), &accessanalyzer.ListAnalyzersInput{MaxResults: aws.Int32(100)})
		err := engine.EachPage(ctx, pages, func(page *accessanalyzer.ListAnalyzersOutput) error {
			for _, a := range page.Analyzers {
				switch {
				case a.Status == "" || a.Type == "":
					untold = engine.Malformed("access-analyzer:ListAnalyzers", errAnalyzer)
				case a.Status == types.AnalyzerStatusActive:
					active = append(active, a)
				}
			}
			return nil
		})
		return active, cmp.Or(err, untold)
	})
}

var errAnalyzer error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say what an analyzer looks for, or whether it does"}

// read adds the active findings of one analyzer that something of the account
// is public.
func (a *analysis) read(ctx context.Context, p *engine.Place, analyzer *string) error {
	public := map[string]types.Criterion{"isPublic": {Eq: []string{"true"}}}
	return eachFinding(ctx, p, analyzer, public, func(finding types.FindingSummaryV2) {
		a.public[aws.ToString(finding.Resource)] = true
	})
}

// eachFinding calls do with the active findings of one analyzer about what is
// the account's. The filter is changed.
func eachFinding(ctx context.Context, p *engine.Place, analyzer *string, filter map[string]types.Criterion, do func(types.FindingSummaryV2)) error {
	filter["status"] = types.Criterion{Eq: []string{string(types.FindingStatusActive)}}
	filter["resourceOwnerAccount"] = types.Criterion{Eq: []string{p.Account}}
	pages := accessanalyzer.NewListFindingsV2Paginator(analyzerClient(p), &accessanalyzer.ListFindingsV2Input{AnalyzerArn: analyzer, MaxResults: aws.Int32(100), Filter: filter})
	return engine.EachPage(ctx, pages, func(page *accessanalyzer.ListFindingsV2Output) error {
		for _, finding := range page.Findings {
			if finding.Status == types.FindingStatusActive && ownedHere(p, finding.ResourceOwnerAccount) {
				do(finding)
			}
		}
		return nil
	})
}

// readByAnalyzer reports whether an analyzer calls the resource public, and
// counts where it differs from our own reading, in the field ours. What only
// resource control policies close is not public: analyzers leave them out.
func readByAnalyzer(ctx context.Context, r *engine.Reading, arn string, own entry, ours string) bool {
	return analyzed(r, arn, own, ours, func() (analysis, error) { return readAnalysis(ctx, r.Place) })
}

// readRoleByAnalyzer does so for a role, which analyzers of every region look at.
func readRoleByAnalyzer(ctx context.Context, r *engine.Reading, arn string, own entry) bool {
	return analyzed(r, arn, own, "trusts", func() (analysis, error) { return readFirstAnalysis(ctx, r.Place) })
}

// readFirstAnalysis reads the findings of the first region that has an analyzer.
func readFirstAnalysis(ctx context.Context, p *engine.Place) (analysis, error) {
	var none analysis
	var gap error
	regions, _ := p.Regions()
	for _, region := range regions {
		found, err := readAnalysis(ctx, p.In(region))
		switch {
		case err == nil && found.exists:
			return found, nil
		case err != nil && (gap == nil || none.unlisted):
			none, gap = found, err
		}
	}
	return none, gap
}

func analyzed(r *engine.Reading, arn string, own entry, ours string, read func() (analysis, error)) bool {
	if !r.Wants(byAnalyzer) {
		return false
	}
	found, err := read()
	if found.unlisted {
		r.MarkBeside(r.Cause(err), byAnalyzer)
		return false
	}
	if !r.Got(err, byAnalyzer) {
		return false
	}
	known := r.Wants(ours) && !slices.ContainsFunc(r.Unread(), func(u posture.Unread) bool { return u.Field == ours })
	if found.exists && known && found.public[arn] != own.open && !own.guarded {
		r.Place.Disagree("access-analyzer:ListFindingsV2")
	}
	return found.public[arn] && !own.guarded
}
