package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"posture/scanners/aws/engine"
)

// kmsAliasList lists the aliases of the region, once. With an error come those
// that were listed before it.
func kmsAliasList(ctx context.Context, p *engine.Place) ([]types.AliasListEntry, error) {
	return engine.Once(p, "kms aliases", func() ([]types.AliasListEntry, error) {
		pages := kms.NewListAliasesPaginator(kmsClient(p), &kms.ListAliasesInput{Limit: aws.Int32(100)})
		return engine.ListAll(ctx, pages, func(page *kms.ListAliasesOutput) []types.AliasListEntry { return page.Aliases })
	})
}

// managedByAWS returns the ids of the account's keys in the region that AWS
// manages. Only they have aliases that begin with aws/.
func managedByAWS(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	aliases, err := kmsAliasList(ctx, p)
	keys := map[string]bool{}
	for _, alias := range aliases {
		if strings.HasPrefix(aws.ToString(alias.AliasName), "alias/aws/") {
			keys[aws.ToString(alias.TargetKeyId)] = true
		}
	}
	return keys, err
}

// readCustomerKey reports whether the key of that ARN is one that its account
// manages, and marks the field as unread when that is not known. A type that
// uses it declares the call kms:ListAliases.
func readCustomerKey(ctx context.Context, r *engine.Reading, key, field string) bool {
	if key == "" || !r.Wants(field) {
		return false
	}
	at, err := arn.Parse(key)
	kind, id, named := strings.Cut(at.Resource, "/")
	switch {
	case err != nil || !named:
		r.Got(engine.Malformed("kms:ListAliases", errOddKey), field)
		return false
	case kind == "alias":
		return !strings.HasPrefix(id, "aws/")
	case at.AccountID != r.Place.Account:
		return true // AWS manages its keys in the account that uses them
	}
	managed, err := managedByAWS(ctx, r.Place.In(at.Region))
	return !managed[id] && r.Got(err, field)
}
