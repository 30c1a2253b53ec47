package services

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// Inspector is what rules may ask of Inspector in one region. There is one in
// every region, also where Inspector was never set up.
type Inspector struct {
	Scans          []string  `json:"scans"`           // what it scans: EC2, ECR, LAMBDA; sorted
	Used           []string  `json:"used"`            // what of these the region has, in the same words; sorted
	OldestCritical time.Time `json:"oldest_critical"` // when the oldest critical finding that is still active was first made; the zero time: there is none
	OldestHigh     time.Time `json:"oldest_high"`     // the same of high severity
}

const (
	inspectorStatus   = "inspector2:BatchGetAccountStatus"
	inspectorFindings = "inspector2:ListFindings"
)

var inspectors = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::InspectorV2::Inspector",
		Service: "inspector2",
		Doc:     Inspector{},
		Calls: []scanners.Call{
			{Op: inspectorStatus},
			{Op: inspectorFindings, For: []string{"oldest_critical", "oldest_high"}},
			{Op: "ec2:DescribeInstances", For: []string{"used"}},
			{Op: "ecr:DescribeRepositories", For: []string{"used"}},
			{Op: "lambda:ListFunctions", For: []string{"used"}},
		},
		Console: scanners.Console{Path: "/inspector/v2/home?region={region}#/dashboard"},
	},
	Scan: scanInspector,
}

func inspectorClient(p *engine.Place) *inspector2.Client {
	return engine.Client(p, inspector2.NewFromConfig)
}

// scanInspector emits the region's one Inspector.
func scanInspector(ctx context.Context, p *engine.Place) error {
	var doc Inspector
	r := p.Read()
	out, err := inspectorClient(p).BatchGetAccountStatus(ctx, &inspector2.BatchGetAccountStatusInput{})
	if r.Got(err, "scans", "oldest_critical", "oldest_high") {
		readInspectorScans(r, out, &doc)
	}
	readInspectorUsed(ctx, r, &doc)
	if len(doc.Scans) > 0 {
		doc.OldestCritical = readOldestFinding(ctx, r, types.SeverityCritical, "oldest_critical")
		doc.OldestHigh = readOldestFinding(ctx, r, types.SeverityHigh, "oldest_high")
	}
	r.Emit(p.ARN("inspector2", "inspector"), "Inspector", nil, &doc)
	return nil
}

// readInspectorScans reads what Inspector scans in the account.
func readInspectorScans(r *engine.Reading, out *inspector2.BatchGetAccountStatusOutput, doc *Inspector) {
	if len(out.Accounts) != 1 || out.Accounts[0].ResourceState == nil { // it is asked for no account, so that the own one is meant
		r.Absent(inspectorStatus, "scans", "oldest_critical", "oldest_high")
		return
	}
	states := out.Accounts[0].ResourceState
	for _, kind := range []struct {
		name  string
		state *types.State
	}{{"EC2", states.Ec2}, {"ECR", states.Ecr}, {"LAMBDA", states.Lambda}} {
		switch {
		case kind.state == nil && kind.name == "LAMBDA": // not everywhere
		case kind.state == nil:
			r.Absent(inspectorStatus, "scans")
		case choice(r, kind.state.Status, inspectorStatus, "scans") == types.StatusEnabled, kind.state.Status == types.StatusEnabling:
			doc.Scans = append(doc.Scans, kind.name)
		}
	}
}

// readOldestFinding returns when the oldest active finding of a severity was made.
func readOldestFinding(ctx context.Context, r *engine.Reading, severity types.Severity, field string) time.Time {
	if !r.Wants(field) {
		return time.Time{}
	}
	is := func(value string) []types.StringFilter {
		return []types.StringFilter{{Comparison: types.StringComparisonEquals, Value: &value}}
	}
	out, err := inspectorClient(r.Place).ListFindings(ctx, &inspector2.ListFindingsInput{
		MaxResults: aws.Int32(1),
		FilterCriteria: &types.FilterCriteria{ // an administrator is shown the findings of its members too
			AwsAccountId: is(r.Place.Account), FindingStatus: is(string(types.FindingStatusActive)), Severity: is(string(severity)),
		},
		SortCriteria: &types.SortCriteria{Field: types.SortFieldFirstObservedAt, SortOrder: types.SortOrderAsc},
	})
	if !r.Got(err, field) || len(out.Findings) == 0 {
		return time.Time{}
	}
	if out.Findings[0].FirstObservedAt == nil {
		r.Absent(inspectorFindings, field)
		return time.Time{}
	}
	return *out.Findings[0].FirstObservedAt
}

// readInspectorUsed reads what of the kinds that Inspector scans the region has.
func readInspectorUsed(ctx context.Context, r *engine.Reading, doc *Inspector) {
	if !r.Wants("used") {
		return
	}
	p := r.Place
	live := []string{"pending", "running", "stopping", "stopped"}
	instances := ec2.NewDescribeInstancesPaginator(ec2Client(p), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5), Filters: []ec2types.Filter{{Name: aws.String("instance-state-name"), Values: live}}})
	images := ecr.NewDescribeRepositoriesPaginator(ecrClient(p), &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1)})
	functions := lambda.NewListFunctionsPaginator(lambdaClient(p), &lambda.ListFunctionsInput{MaxItems: aws.Int32(1)})
	for _, kind := range []struct {
		name string
		any  func() (bool, error)
	}{
		{"EC2", func() (bool, error) {
			return anyListed(ctx, instances, func(page *ec2.DescribeInstancesOutput) bool { return len(page.Reservations) > 0 })
		}},
		{"ECR", func() (bool, error) {
			return anyListed(ctx, images, func(page *ecr.DescribeRepositoriesOutput) bool { return len(page.Repositories) > 0 })
		}},
		{"LAMBDA", func() (bool, error) {
			return anyListed(ctx, functions, func(page *lambda.ListFunctionsOutput) bool { return len(page.Functions) > 0 })
		}},
	} {
		found, err := kind.any()
		if r.Got(err, "used") && found {
			doc.Used = append(doc.Used, kind.name)
		}
	}
}

var errFound error = &posture.ReasonError{Text: "one is enough"}

// anyListed reports whether a page of a listing holds something, and asks for no
// more pages than it takes to know it.
func anyListed[P, O any](ctx context.Context, pages engine.Pager[P, O], holds func(P) bool) (bool, error) {
	err := engine.EachPage(ctx, pages, func(page P) error {
		if holds(page) {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}
