package engine

import (
	"context"
	"errors"

	"cloud.google.com/go/asset/apiv1/assetpb"
	gax "github.com/googleapis/gax-go/v2"
	"google.golang.org/api/iterator"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// page asks for one page, again where that may help.
func (l *listing) page(ctx context.Context, types []string, token string) (*assetpb.ListAssetsResponse, error) {
	call, err := l.troubles.Of(inventoryHost).Begin(listOperation(l.content))
	if err != nil {
		return nil, err
	}
	page, err := l.tryPage(context.WithValue(ctx, callKey{}, call), types, token)
	call.End(ctx, err)
	return page, err
}

// tryPage makes the tries of a call.
func (l *listing) tryPage(ctx context.Context, types []string, token string) (*assetpb.ListAssetsResponse, error) {
	l.record.Count(listOperation(l.content))
	again := gax.WithRetry(func() gax.Retryer {
		retryer := l.options.newRetryer(ctx)
		retryer.hasty = l.hasty
		return retryer
	})
	pages := l.client.ListAssets(ctx, &assetpb.ListAssetsRequest{
		Parent: l.below, ReadTime: timestamppb.New(l.at), AssetTypes: types,
		ContentType: l.content, PageSize: pageSize, PageToken: token,
	}, again)
	if _, err := pages.Next(); err != nil && !errors.Is(err, iterator.Done) {
		return nil, err
	}
	page, ok := pages.Response.(*assetpb.ListAssetsResponse)
	if !ok {
		return nil, errors.New("the answer holds no page")
	}
	return page, nil
}
