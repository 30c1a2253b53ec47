package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// OpenSearchCollection is what rules may ask of a collection of OpenSearch
// Serverless. Which policies are about it, their patterns of names say.
type OpenSearchCollection struct {
	CustomerKey      bool `json:"customer_key"`      // it is encrypted with a key that the customer manages
	StandbyReplicas  bool `json:"standby_replicas"`  // its data and compute are in more than one Availability Zone
	PublicEndpoint   bool `json:"public_endpoint"`   // a network policy lets the whole internet reach its API
	PublicDashboards bool `json:"public_dashboards"` // a network policy lets the whole internet reach its Dashboards
	OpenData         bool `json:"open_data"`         // a data access policy lets in whoever has an AWS account
}

var openSearchCollections = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::OpenSearchServerless::Collection",
		Service: "aoss",
		Doc:     OpenSearchCollection{},
		Calls: []scanners.Call{
			{Op: "aoss:ListCollections"},
			{Op: "aoss:BatchGetCollection"},
			{Op: "kms:ListAliases", For: []string{"customer_key"}},
			{Op: "aoss:ListSecurityPolicies", For: ofCollectionNetwork},
			{Op: "aoss:GetSecurityPolicy", For: ofCollectionNetwork},
			{Op: "aoss:ListAccessPolicies", For: []string{"open_data"}},
			{Op: "aoss:GetAccessPolicy", For: []string{"open_data"}},
			{Op: "aoss:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/aos/home?region={region}#opensearch/collections/{name}"},
	},
	Scan: scanOpenSearchCollections,
}

// ofCollectionNetwork holds the fields that network policies say.
var ofCollectionNetwork = []string{"public_endpoint", "public_dashboards"}

func serverlessClient(p *engine.Place) *opensearchserverless.Client {
	return engine.Client(p, opensearchserverless.NewFromConfig)
}

var errCollection error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a collection that is listed is not described"}

func scanOpenSearchCollections(ctx context.Context, p *engine.Place) error {
	const most = 100 // of each page, and of those that are described by one call
	pages := opensearchserverless.NewListCollectionsPaginator(serverlessClient(p), &opensearchserverless.ListCollectionsInput{MaxResults: aws.Int32(most)})
	return engine.EachPage(ctx, pages, func(page *opensearchserverless.ListCollectionsOutput) error {
		var ids []string
		for _, c := range page.CollectionSummaries {
			ids = append(ids, aws.ToString(c.Id))
		}
		for batch := range slices.Chunk(ids, most) {
			found, err := serverlessClient(p).BatchGetCollection(ctx, &opensearchserverless.BatchGetCollectionInput{Ids: batch})
			if err != nil {
				return err
			}
			if err := engine.Each(ctx, p, found.CollectionDetails, readOpenSearchCollection); err != nil {
				return err
			}
			if len(found.CollectionDetails) < len(batch) {
				return engine.Malformed("aoss:BatchGetCollection", errCollection)
			}
		}
		return nil
	})
}

func readOpenSearchCollection(ctx context.Context, p *engine.Place, collection types.CollectionDetail) {
	const op = "aoss:BatchGetCollection"
	r := p.Read()
	name := aws.ToString(collection.Name)
	doc := OpenSearchCollection{StandbyReplicas: choice(r, collection.StandbyReplicas, op, "standby_replicas") == types.StandbyReplicasEnabled}
	if key := word(r, aws.ToString(collection.KmsKeyArn), op, "customer_key"); key != "auto" { // a key that AWS owns
		doc.CustomerKey = readCustomerKey(ctx, r, key, "customer_key")
	}
	if r.Wants(ofCollectionNetwork...) {
		policies, err := collectionNetworks(ctx, p)
		if doc.PublicEndpoint = policies.public("collection", name); !doc.PublicEndpoint {
			r.Got(err, "public_endpoint")
		}
		if doc.PublicDashboards = policies.public("dashboard", name); !doc.PublicDashboards {
			r.Got(err, "public_dashboards")
		}
	}
	if r.Wants("open_data") {
		policies, err := collectionAccess(ctx, p)
		if doc.OpenData = policies.open(name); !doc.OpenData {
			r.Got(err, "open_data")
		}
	}
	r.Emit(aws.ToString(collection.Arn), name, readCollectionTags(ctx, r, collection.Arn), &doc)
}

func readCollectionTags(ctx context.Context, r *engine.Reading, id *string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := serverlessClient(r.Place).ListTagsForResource(ctx, &opensearchserverless.ListTagsForResourceInput{ResourceArn: id})
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
