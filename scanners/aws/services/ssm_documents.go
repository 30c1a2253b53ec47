package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// SSMDocument is what rules may ask of a document of the account's own.
type SSMDocument struct {
	Public bool `json:"public"` // it is shared with every AWS account
}

const documentPermission = "ssm:DescribeDocumentPermission"

var ssmDocuments = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SSM::Document",
		Service: "ssm",
		Doc:     SSMDocument{},
		Calls: []scanners.Call{
			{Op: "ssm:ListDocuments"},
			{Op: documentPermission, Each: true, For: []string{"public"}},
		},
		Console: scanners.Console{Path: "/systems-manager/documents/{name}/description?region={region}"},
	},
	Scan: scanSSMDocuments,
}

func scanSSMDocuments(ctx context.Context, p *engine.Place) error {
	pages := ssm.NewListDocumentsPaginator(ssmClient(p), &ssm.ListDocumentsInput{
		MaxResults: aws.Int32(50), Filters: []types.DocumentKeyValuesFilter{{Key: aws.String("Owner"), Values: []string{"Self"}}},
	})
	return engine.EachListed(ctx, p, pages, func(page *ssm.ListDocumentsOutput) []types.DocumentIdentifier { return page.DocumentIdentifiers }, readSSMDocument)
}

var errManyShared error = &posture.ReasonError{Reason: posture.TooMuch, Code: "accounts", Text: "the document is shared with more accounts than one answer names"}

func readSSMDocument(ctx context.Context, p *engine.Place, document types.DocumentIdentifier) {
	if !ownedHere(p, document.Owner) {
		return
	}
	r := p.Read()
	var doc SSMDocument
	if r.Wants("public") {
		out, err := ssmClient(p).DescribeDocumentPermission(ctx, &ssm.DescribeDocumentPermissionInput{
			Name: document.Name, PermissionType: types.DocumentPermissionTypeShare, MaxResults: aws.Int32(200),
		})
		if r.Got(err, "public") {
			doc.Public = slices.ContainsFunc(out.AccountIds, func(id string) bool { return strings.EqualFold(id, "all") })
			if !doc.Public && aws.ToString(out.NextToken) != "" {
				r.Got(engine.Malformed(documentPermission, errManyShared), "public")
			}
		}
	}
	tags := engine.Tags(document.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(p.ARN("ssm", "document/"+aws.ToString(document.Name)), aws.ToString(document.Name), tags, &doc)
}

// SSMDocumentSharing is what rules may ask of the setting that keeps documents of
// a region from being shared with everybody. There is one in every region.
type SSMDocumentSharing struct {
	PublicBlocked bool `json:"public_blocked"` // no document can be shared with every AWS account
}

const (
	serviceSetting = "ssm:GetServiceSetting"
	sharingSetting = "/ssm/documents/console/public-sharing-permission"
)

var ssmDocumentSharing = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SSM::DocumentPublicSharing",
		Service: "ssm",
		Doc:     SSMDocumentSharing{},
		Calls:   []scanners.Call{{Op: serviceSetting}},
		Console: scanners.Console{Path: "/systems-manager/documents?region={region}"},
	},
	Scan: scanSSMDocumentSharing,
}

func scanSSMDocumentSharing(ctx context.Context, p *engine.Place) error {
	var doc SSMDocumentSharing
	r := p.Read()
	out, err := ssmClient(p).GetServiceSetting(ctx, &ssm.GetServiceSettingInput{SettingId: aws.String(sharingSetting)})
	switch {
	case !r.Got(err, "public_blocked"):
	case out.ServiceSetting == nil:
		r.Absent(serviceSetting, "public_blocked")
	default:
		value := word(r, aws.ToString(out.ServiceSetting.SettingValue), serviceSetting, "public_blocked")
		doc.PublicBlocked = value == "Disable"
		if value != "" && value != "Disable" && value != "Enable" {
			r.Got(engine.Malformed(serviceSetting, errNewValue), "public_blocked")
		}
	}
	r.Emit(p.ARN("ssm", "servicesetting"+sharingSetting), "public sharing of documents in "+p.Region, nil, &doc)
	return nil
}
