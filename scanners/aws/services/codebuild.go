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
	Logs                    bool     `json:"logs"`                      // builds write logs to CloudWatch Logs or S3
	CredentialInEnvironment bool     `json:"credential_in_environment"` // a plain variable holds a credential, by the form of its value or by its name
	CredentialInSource      bool     `json:"credential_in_source"`      // the address of a source holds a credential
	LendsTo                 []string `json:"lends_to"`                  // users and roles that get full access, or a way to it, by the project's role: they may start builds, with commands of their own; ten at most are named
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
	doc.Logs = readBuildLogs(r, project.LogsConfig)
	if project.Environment == nil {
		r.Absent("codebuild:BatchGetProjects", "credential_in_environment")
	} else {
		doc.CredentialInEnvironment = slices.ContainsFunc(project.Environment.EnvironmentVariables, holdsPlainCredential)
	}
	if project.Source == nil {
		r.Absent("codebuild:BatchGetProjects", "credential_in_source")
	} else {
		doc.CredentialInSource = slices.ContainsFunc(append(project.SecondarySources, *project.Source), func(source types.ProjectSource) bool {
			return scanners.HoldsCredential(aws.ToString(source.Location))
		})
	}
	doc.LendsTo = readLendsRole(ctx, r, iampolicy.Lender{Kind: iampolicy.Project, ARN: aws.ToString(project.Arn)}, "codebuild:BatchGetProjects", project.ServiceRole)
	tags := engine.Tags(project.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(project.Arn), aws.ToString(project.Name), tags, &doc)
}

// readBuildLogs reports whether builds write logs. CloudWatch Logs is the default
// where nobody said otherwise, but what an answer lacks is not known.
func readBuildLogs(r *engine.Reading, logs *types.LogsConfig) bool {
	switch {
	case logs != nil && logs.S3Logs != nil && logs.S3Logs.Status == types.LogsConfigStatusTypeEnabled:
		return true
	case logs == nil || logs.CloudWatchLogs == nil:
		r.Absent("codebuild:BatchGetProjects", "logs")
		return false
	default:
		on := choice(r, logs.CloudWatchLogs.Status, "codebuild:BatchGetProjects", "logs") == types.LogsConfigStatusTypeEnabled
		if !on && logs.S3Logs != nil {
			r.Got(newValue(logs.S3Logs.Status, "codebuild:BatchGetProjects"), "logs")
		}
		return on
	}
}

// holdsPlainCredential reports whether a variable holds a credential itself, and
// does not name one that is kept elsewhere.
func holdsPlainCredential(v types.EnvironmentVariable) bool {
	elsewhere := v.Type == types.EnvironmentVariableTypeParameterStore || v.Type == types.EnvironmentVariableTypeSecretsManager
	return !elsewhere && scanners.CredentialVariable(aws.ToString(v.Name), aws.ToString(v.Value))
}
