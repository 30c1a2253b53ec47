package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"posture/scanners/aws/engine"
)

// namePage is one page of a listing that goes on after the last name of a page.
type namePage struct {
	Names          []string
	NextToken      *string // that name; nil on the last page
	ResultMetadata middleware.Metadata
}

// byLastName pages through such a listing. List returns the names after one.
func byLastName(list func(ctx context.Context, after *string) (namePage, error)) *byToken[namePage] {
	return &byToken[namePage]{ask: list, next: func(page namePage) *string { return page.NextToken }}
}

// namesOf returns the page of an answer that says whether there is more.
func namesOf(operation string, names []string, more *bool, metadata middleware.Metadata) (namePage, error) {
	page := namePage{Names: names, ResultMetadata: metadata}
	switch {
	case more == nil, *more && len(names) == 0:
		return page, engine.Malformed(operation, errNoValue)
	case *more:
		page.NextToken = &names[len(names)-1]
	}
	return page, nil
}

// tagPage is one page of tags that go on after the last key of a page.
type tagPage[T any] struct {
	Tags     []T
	More     *bool
	Metadata middleware.Metadata
}

// tagsByLastKey returns all tags of such a listing, whose keys tagKey tells.
func tagsByLastKey[T any](ctx context.Context, operation string, tagKey func(T) *string, list func(after *string) (tagPage[T], error)) ([]T, error) {
	var tags []T
	pages := byLastName(func(_ context.Context, after *string) (namePage, error) {
		page, err := list(after)
		if err != nil {
			return namePage{}, err
		}
		var keys []string
		for _, tag := range page.Tags {
			keys = append(keys, aws.ToString(tagKey(tag)))
		}
		tags = append(tags, page.Tags...)
		return namesOf(operation, keys, page.More, page.Metadata)
	})
	_, err := engine.ListAll(ctx, pages, func(page namePage) []string { return page.Names })
	return tags, err
}
