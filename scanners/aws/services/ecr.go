package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// ECRRepository is what rules may ask of a repository of container images.
type ECRRepository struct {
	PublicByAnalyzer bool     `json:"public_by_analyzer"` // IAM Access Analyzer has an active finding that it is public
	Public           bool     `json:"public"`             // its policy lets in whoever has an AWS account, be it through a service that acts for any account
	PublicBy         []string `json:"public_by"`          // the statements of the policy that do so: by Sid or number, and why

	TagMutability    string `json:"tag_mutability"`    // may tags be moved to another image: IMMUTABLE, MUTABLE, or one of them WITH_EXCLUSION of some tags
	Scanned          bool   `json:"scanned"`           // images are scanned when they are pushed, or again and again
	NewestImage      string `json:"newest_image"`      // digest of the newest image
	NewestScan       string `json:"newest_scan"`       // what became of its scan: done, failed, expired (it is too old to be scanned again), unsupported, or none
	CriticalFindings int64  `json:"critical_findings"` // how many critical findings it has
}

var ecrRepositories = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ECR::Repository",
		Service: "ecr",
		Doc:     ECRRepository{},
		Calls: append(analyzerCalls(),
			scanners.Call{Op: "ecr:DescribeRepositories"},
			scanners.Call{Op: "ecr:GetRepositoryPolicy", Each: true, For: []string{"public", "public_by"}},
			scanners.Call{Op: "ecr:BatchGetRepositoryScanningConfiguration", For: []string{"scanned"}},
			scanners.Call{Op: "ecr:DescribeImages", Each: true, For: newestFields},
			scanners.Call{Op: "ecr:DescribeImageScanFindings", Each: true, For: newestFields},
			scanners.Call{Op: "ecr:ListTagsForResource", Each: true, For: []string{"tags"}},
		),
		Console: scanners.Console{Path: "/ecr/repositories/private/{account}/{name}?region={region}"},
	},
	Scan: scanECRRepositories,
}

func ecrClient(p *engine.Place) *ecr.Client { return engine.Client(p, ecr.NewFromConfig) }

func scanECRRepositories(ctx context.Context, p *engine.Place) error {
	pages := ecr.NewDescribeRepositoriesPaginator(ecrClient(p), &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1000)})
	return engine.EachPage(ctx, pages, func(page *ecr.DescribeRepositoriesOutput) error {
		for batch := range slices.Chunk(page.Repositories, ecrBatch) {
			scanning := ecrScanningOf(ctx, p, batch)
			if err := engine.Each(ctx, p, batch, func(ctx context.Context, p *engine.Place, repository types.Repository) {
				readECRRepository(ctx, p, repository, scanning)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func readECRRepository(ctx context.Context, p *engine.Place, repository types.Repository, scanning ecrScanning) {
	var doc ECRRepository
	var ours entry
	r := p.Read()
	if r.Wants("public", "public_by") {
		out, err := ecrClient(p).GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: repository.RepositoryName})
		if r.Got(engine.NotConfigured(err, "RepositoryPolicyNotFoundException"), "public", "public_by") && out != nil {
			ours = readOpen(ctx, r, aws.ToString(out.PolicyText), from("ecr:GetRepositoryPolicy", "public", "public_by"), iampolicy.Ask{Service: "ecr"})
		}
	}
	doc.Public, doc.PublicBy = ours.open, ours.by
	doc.PublicByAnalyzer = readByAnalyzer(ctx, r, aws.ToString(repository.RepositoryArn), ours, "public")
	doc.TagMutability = string(choice(r, repository.ImageTagMutability, "ecr:DescribeRepositories", "tag_mutability"))
	doc.Scanned = readECRScanned(r, aws.ToString(repository.RepositoryName), scanning)
	readECRNewest(ctx, r, aws.ToString(repository.RepositoryName), &doc)
	var tags map[string]string
	if r.Wants("tags") {
		out, err := ecrClient(p).ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: repository.RepositoryArn})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(repository.RepositoryArn), aws.ToString(repository.RepositoryName), tags, &doc)
}
