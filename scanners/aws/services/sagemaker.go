package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// SageMakerNotebook is what rules may ask of a notebook instance of SageMaker.
type SageMakerNotebook struct {
	CustomerKey    bool     `json:"customer_key"`    // its volume is encrypted with a key that the customer manages
	InVPC          bool     `json:"in_vpc"`          // it lies in a subnet of the customer's
	DirectInternet bool     `json:"direct_internet"` // SageMaker gives it a way to the internet of its own
	RootAccess     bool     `json:"root_access"`     // who works in it is root
	LendsTo        []string `json:"lends_to"`        // users and roles that get full access, or a way to it, by the notebook's role: they may open it, or say what it starts with; ten at most are named
}

// ofNotebook holds the fields that a notebook's description says.
var ofNotebook = []string{"customer_key", "in_vpc", "direct_internet", "root_access", "lends_to"}

var sageMakerNotebooks = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SageMaker::NotebookInstance",
		Service: "sagemaker",
		Doc:     SageMakerNotebook{},
		Calls: append(lendsCalls(),
			scanners.Call{Op: "sagemaker:ListNotebookInstances"},
			scanners.Call{Op: "sagemaker:DescribeNotebookInstance", Each: true, For: ofNotebook},
			scanners.Call{Op: "sagemaker:ListTags", Each: true, For: []string{"tags"}},
			scanners.Call{Op: "kms:ListAliases", For: []string{"customer_key"}},
		),
		Console: scanners.Console{Path: "/sagemaker/home?region={region}#/notebook-instances/{name}"},
	},
	Scan: scanSageMakerNotebooks,
}

func sageMakerClient(p *engine.Place) *sagemaker.Client {
	return engine.Client(p, sagemaker.NewFromConfig)
}

func scanSageMakerNotebooks(ctx context.Context, p *engine.Place) error {
	pages := sagemaker.NewListNotebookInstancesPaginator(sageMakerClient(p), &sagemaker.ListNotebookInstancesInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *sagemaker.ListNotebookInstancesOutput) []types.NotebookInstanceSummary {
		return page.NotebookInstances
	}, readSageMakerNotebook)
}

func readSageMakerNotebook(ctx context.Context, p *engine.Place, notebook types.NotebookInstanceSummary) {
	var doc SageMakerNotebook
	r := p.Read()
	if r.Wants(ofNotebook...) {
		out, err := sageMakerClient(p).DescribeNotebookInstance(ctx, &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: notebook.NotebookInstanceName})
		if r.Got(err, ofNotebook...) {
			doc.readSettings(ctx, r, aws.ToString(notebook.NotebookInstanceArn), out)
		}
	}
	var tags map[string]string
	if r.Wants("tags") {
		pages := sagemaker.NewListTagsPaginator(sageMakerClient(p), &sagemaker.ListTagsInput{ResourceArn: notebook.NotebookInstanceArn, MaxResults: aws.Int32(50)})
		list, err := engine.ListAll(ctx, pages, func(page *sagemaker.ListTagsOutput) []types.Tag { return page.Tags })
		if r.Got(err, "tags") {
			tags = engine.Tags(list, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(notebook.NotebookInstanceArn), aws.ToString(notebook.NotebookInstanceName), tags, &doc)
}

func (doc *SageMakerNotebook) readSettings(ctx context.Context, r *engine.Reading, id string, found *sagemaker.DescribeNotebookInstanceOutput) {
	const op = "sagemaker:DescribeNotebookInstance"
	doc.CustomerKey = readCustomerKey(ctx, r, keyARN(r.Place, aws.ToString(found.KmsKeyId)), "customer_key")
	doc.InVPC = aws.ToString(found.SubnetId) != ""
	doc.DirectInternet = choice(r, found.DirectInternetAccess, op, "direct_internet") == types.DirectInternetAccessEnabled
	doc.RootAccess = choice(r, found.RootAccess, op, "root_access") == types.RootAccessEnabled
	doc.LendsTo = readLendsRole(ctx, r, iampolicy.Lender{Kind: iampolicy.Notebook, ARN: id}, op, found.RoleArn)
}

// keyARN returns the ARN of a key of KMS that is given by its ARN, its id or an
// alias; "" where none is.
func keyARN(p *engine.Place, key string) string {
	switch {
	case key == "", strings.HasPrefix(key, "arn:"):
		return key
	case strings.HasPrefix(key, "alias/"):
		return p.ARN("kms", key)
	default:
		return p.ARN("kms", "key/"+key)
	}
}
