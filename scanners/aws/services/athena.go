package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AthenaWorkGroup is what rules may ask of a workgroup of Athena.
type AthenaWorkGroup struct {
	Enabled        bool `json:"enabled"`         // it takes queries
	Used           bool `json:"used"`            // somebody made it, or it is "primary" and has a query of the last 45 days
	ManagedResults bool `json:"managed_results"` // Athena itself keeps the results, encrypted
	Encrypts       bool `json:"encrypts"`        // its settings encrypt the results in S3
	Enforced       bool `json:"enforced"`        // clients cannot choose less than its settings say
	Metrics        bool `json:"metrics"`         // it publishes metrics of its queries to CloudWatch
}

// ofWorkGroup holds the fields that a workgroup's description says.
var ofWorkGroup = []string{"managed_results", "encrypts", "enforced", "metrics"}

var athenaWorkGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Athena::WorkGroup",
		Service: "athena",
		Doc:     AthenaWorkGroup{},
		Calls: []scanners.Call{
			{Op: "athena:ListWorkGroups"},
			{Op: "athena:GetWorkGroup", Each: true, For: slices.Clone(ofWorkGroup)},
			{Op: "athena:ListQueryExecutions", For: []string{"used"}},
			{Op: "athena:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/athena/home?region={region}#/workgroups/details/{name}"},
	},
	Scan: scanAthenaWorkGroups,
}

func athenaClient(p *engine.Place) *athena.Client { return engine.Client(p, athena.NewFromConfig) }

func scanAthenaWorkGroups(ctx context.Context, p *engine.Place) error {
	pages := athena.NewListWorkGroupsPaginator(athenaClient(p), &athena.ListWorkGroupsInput{MaxResults: aws.Int32(50)})
	return engine.EachListed(ctx, p, pages, func(page *athena.ListWorkGroupsOutput) []types.WorkGroupSummary { return page.WorkGroups }, readAthenaWorkGroup)
}

func readAthenaWorkGroup(ctx context.Context, p *engine.Place, group types.WorkGroupSummary) {
	r := p.Read()
	name := aws.ToString(group.Name)
	doc := AthenaWorkGroup{
		Enabled: choice(r, group.State, "athena:ListWorkGroups", "enabled") == types.WorkGroupStateEnabled,
		Used:    name != "primary" || readQueried(ctx, r, name),
	}
	if r.Wants(ofWorkGroup...) {
		out, err := athenaClient(p).GetWorkGroup(ctx, &athena.GetWorkGroupInput{WorkGroup: group.Name})
		switch {
		case !r.Got(err, ofWorkGroup...):
		case out.WorkGroup == nil || out.WorkGroup.Configuration == nil:
			r.Absent("athena:GetWorkGroup", ofWorkGroup...)
		default:
			doc.readSettings(r, out.WorkGroup.Configuration)
		}
	}
	id := p.ARN("athena", "workgroup/"+name)
	r.Emit(id, name, readAthenaTags(ctx, r, id), &doc)
}

// readQueried reports whether a query of the last 45 days ran in a workgroup.
func readQueried(ctx context.Context, r *engine.Reading, name string) bool {
	if !r.Wants("used") {
		return false
	}
	out, err := athenaClient(r.Place).ListQueryExecutions(ctx, &athena.ListQueryExecutionsInput{WorkGroup: &name, MaxResults: aws.Int32(1)})
	return r.Got(err, "used") && (len(out.QueryExecutionIds) > 0 || out.NextToken != nil)
}

func (doc *AthenaWorkGroup) readSettings(r *engine.Reading, found *types.WorkGroupConfiguration) {
	const op = "athena:GetWorkGroup"
	doc.ManagedResults = found.ManagedQueryResultsConfiguration != nil && found.ManagedQueryResultsConfiguration.Enabled
	doc.Encrypts = found.ResultConfiguration != nil && found.ResultConfiguration.EncryptionConfiguration != nil
	doc.Enforced = aws.ToBool(found.EnableMinimumEncryptionConfiguration) || r.Flag(found.EnforceWorkGroupConfiguration, op, "enforced")
	doc.Metrics = r.Flag(found.PublishCloudWatchMetricsEnabled, op, "metrics")
}

func readAthenaTags(ctx context.Context, r *engine.Reading, id string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	pages := athena.NewListTagsForResourcePaginator(athenaClient(r.Place), &athena.ListTagsForResourceInput{ResourceARN: &id, MaxResults: aws.Int32(75)})
	list, err := engine.ListAll(ctx, pages, func(page *athena.ListTagsForResourceOutput) []types.Tag { return page.Tags })
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(list, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
