package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// SNSTopic is what rules may ask of a topic.
type SNSTopic struct {
	KMSKey           string   `json:"kms_key"`            // id, ARN or alias of the KMS key that encrypts messages; empty when none does
	PublicByAnalyzer bool     `json:"public_by_analyzer"` // IAM Access Analyzer has an active finding that it is public
	Public           bool     `json:"public"`             // the topic's policy lets anyone in, be it through a service that acts for any account
	PublicBy         []string `json:"public_by"`          // the statements of the policy that do so: by Sid or number, and why
}

var snsTopics = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SNS::Topic",
		Service: "sns",
		Doc:     SNSTopic{},
		Calls: append(analyzerCalls(),
			scanners.Call{Op: "sns:ListTopics"},
			scanners.Call{Op: "sns:GetTopicAttributes", Each: true, For: []string{"kms_key", "public", "public_by"}},
			scanners.Call{Op: "sns:ListTagsForResource", Each: true, For: []string{"tags"}},
		),
		Console: scanners.Console{Path: "/sns/v3/home?region={region}#/topic/{id}"},
	},
	Scan: scanSNSTopics,
}

func snsClient(p *engine.Place) *sns.Client { return engine.Client(p, sns.NewFromConfig) }

func scanSNSTopics(ctx context.Context, p *engine.Place) error {
	pages := sns.NewListTopicsPaginator(snsClient(p), nil) // the API has no page size
	return engine.EachListed(ctx, p, pages, func(page *sns.ListTopicsOutput) []types.Topic { return page.Topics }, readTopic)
}

func readTopic(ctx context.Context, p *engine.Place, topic types.Topic) {
	var doc SNSTopic
	var ours entry
	r := p.Read()
	arn := aws.ToString(topic.TopicArn)
	if r.Wants("kms_key", "public", "public_by") {
		out, err := snsClient(p).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
		if r.Got(err, "kms_key", "public", "public_by") {
			doc.KMSKey = out.Attributes["KmsMasterKeyId"]
			if policy := word(r, out.Attributes["Policy"], "sns:GetTopicAttributes", "public", "public_by"); policy != "" {
				ours = readOpen(ctx, r, policy, from("sns:GetTopicAttributes", "public", "public_by"), iampolicy.Ask{Service: "sns", Resource: arn})
			}
		}
	}
	doc.Public, doc.PublicBy = ours.open, ours.by
	doc.PublicByAnalyzer = readByAnalyzer(ctx, r, arn, ours, "public")
	r.Emit(arn, arn[strings.LastIndexByte(arn, ':')+1:], readTopicTags(ctx, r, arn), &doc)
}

func readTopicTags(ctx context.Context, r *engine.Reading, arn string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := snsClient(r.Place).ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn})
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
