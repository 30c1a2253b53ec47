package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ECSTaskDefinition is what rules may ask of a family of task definitions, by
// its latest active revision.
type ECSTaskDefinition struct {
	ContainersWithoutLogs   []string `json:"containers_without_logs"`   // names of the containers without a log driver, log routers aside, in order
	CredentialInEnvironment bool     `json:"credential_in_environment"` // a container's variable holds a credential, by the form of its value or by its name
}

var ecsTaskDefinitions = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ECS::TaskDefinition",
		Service: "ecs",
		Doc:     ECSTaskDefinition{},
		Calls: []scanners.Call{
			{Op: "ecs:ListTaskDefinitionFamilies"},
			{Op: "ecs:DescribeTaskDefinition", Each: true, For: []string{"containers_without_logs", "credential_in_environment", "tags"}},
		},
		Console: scanners.Console{Path: "/ecs/v2/task-definitions/{last}?region={region}"},
	},
	Scan: scanECSTaskDefinitions,
}

func ecsClient(p *engine.Place) *ecs.Client { return engine.Client(p, ecs.NewFromConfig) }

func scanECSTaskDefinitions(ctx context.Context, p *engine.Place) error {
	pages := ecs.NewListTaskDefinitionFamiliesPaginator(ecsClient(p), &ecs.ListTaskDefinitionFamiliesInput{
		Status: types.TaskDefinitionFamilyStatusActive, MaxResults: aws.Int32(100),
	})
	return engine.EachListed(ctx, p, pages, func(page *ecs.ListTaskDefinitionFamiliesOutput) []string { return page.Families }, readECSTaskDefinition)
}

// readECSTaskDefinition emits a family under an id without a revision, so that
// a finding lasts from one deployment to the next.
func readECSTaskDefinition(ctx context.Context, p *engine.Place, family string) {
	const op = "ecs:DescribeTaskDefinition"
	var doc ECSTaskDefinition
	var tags map[string]string
	r := p.Read()
	fields := []string{"containers_without_logs", "credential_in_environment"}
	if r.Wants(append(fields, "tags")...) {
		out, err := ecsClient(p).DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
			TaskDefinition: &family, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
		})
		if r.Got(err, append(fields, "tags")...) {
			tags = engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
			if out.TaskDefinition == nil || len(out.TaskDefinition.ContainerDefinitions) == 0 { // each has one
				r.Absent(op, fields...)
			} else {
				doc = ecsTaskDefinitionDoc(r, out.TaskDefinition.ContainerDefinitions)
			}
		}
	}
	r.Emit(p.ARN("ecs", "task-definition/"+family), family, tags, &doc)
}

func ecsTaskDefinitionDoc(r *engine.Reading, containers []types.ContainerDefinition) ECSTaskDefinition {
	var doc ECSTaskDefinition
	for _, container := range containers {
		if (container.LogConfiguration == nil || container.LogConfiguration.LogDriver == "") && container.FirelensConfiguration == nil {
			doc.ContainersWithoutLogs = append(doc.ContainersWithoutLogs, aws.ToString(container.Name))
		}
		if container.LogConfiguration != nil {
			r.Got(newValue(container.LogConfiguration.LogDriver, "ecs:DescribeTaskDefinition"), "containers_without_logs")
		}
		doc.CredentialInEnvironment = doc.CredentialInEnvironment || slices.ContainsFunc(container.Environment, func(v types.KeyValuePair) bool {
			return scanners.CredentialVariable(aws.ToString(v.Name), aws.ToString(v.Value))
		})
	}
	slices.Sort(doc.ContainersWithoutLogs)
	return doc
}
