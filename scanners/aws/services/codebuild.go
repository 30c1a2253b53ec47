package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// CodeBuildProject is what rules may ask of a project of CodeBuild.
type CodeBuildProject struct {
	LendsTo []string `json:"lends_to"` // users and roles that get full access, or a way to it, by the project's role: they may start builds, with commands of their own; ten at most are named
}

var codeBuildProjects = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CodeBuild::Project",
		Service: "codebuild",
		Doc:     CodeBuildProject{},
		Calls: append(lendsCalls(),
			scanners.Call{Op: "codebuild:ListProjects"},
			scanners.Call{Op: "codebuild:BatchGetProjects"},
		),
		Console: scanners.Console{Path: "/codesuite/codebuild/{account}/projects/{name}/history?region={region}"},
	},
	Scan: scanCodeBuildProjects,
}

func codeBuildClient(p *engine.Place) *codebuild.Client {
	return engine.Client(p, codebuild.NewFromConfig)
}

// codeBuildBatch is how many projects are described by one call.
const codeBuildBatch = 100

var errProject error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a project that is listed is not described"}

func scanCodeBuildProjects(ctx context.Context, p *engine.Place) error {
	pages := codebuild.NewListProjectsPaginator(codeBuildClient(p), &codebuild.ListProjectsInput{}) // the API has no page size
	return engine.EachPage(ctx, pages, func(page *codebuild.ListProjectsOutput) error {
		for batch := range slices.Chunk(page.Projects, codeBuildBatch) {
			found, err := codeBuildClient(p).BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: batch})
			if err != nil {
				return err
			}
			if err := engine.Each(ctx, p, found.Projects, readCodeBuildProject); err != nil {
				return err
			}
			if len(found.Projects) < len(batch) {
				return engine.Malformed("codebuild:BatchGetProjects", errProject)
			}
		}
		return nil
	})
}

func readCodeBuildProject(ctx context.Context, p *engine.Place, project types.Project) {
	var doc CodeBuildProject
	r := p.Read()
	if aws.ToString(project.ServiceRole) == "" {
		r.Absent("codebuild:BatchGetProjects", "lends_to")
	} else {
		doc.LendsTo = readLendsTo(ctx, r, iampolicy.Lender{Kind: iampolicy.Project, ARN: aws.ToString(project.Arn)}, roleNamed(project.ServiceRole))
	}
	tags := engine.Tags(project.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(project.Arn), aws.ToString(project.Name), tags, &doc)
}
