package engine

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/smithy-go/middleware"
)

// Pager is any of the SDK's paginators.
type Pager[P, O any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*O)) (P, error)
}

// EachPage calls do for every page of a listing. Its error means that the
// listing was not seen to its end.
func EachPage[P, O any](ctx context.Context, pages Pager[P, O], do func(P) error) error {
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		token := tokenOf(page)
		if token != "" && seen[token] {
			return Malformed(operationIn(page), errSamePage)
		}
		seen[token] = true
		if err := do(page); err != nil {
			return err
		}
	}
	return nil
}

// errSamePage says that a service went round in circles.
var errSamePage = errors.New("the answer names a page that was read before")

// tokens are the names by which outputs call where the next page begins.
var tokens = []string{"NextToken", "NextMarker", "Marker", "ContinuationToken", "LastEvaluatedTableName", "Position"}

// tokenOf returns where the next page begins, "" after the last one. An output
// of CloudFront holds the page in its one member.
func tokenOf(page any) string {
	v := reflect.Indirect(reflect.ValueOf(page))
	if v.Kind() != reflect.Struct {
		return ""
	}
	for _, name := range tokens {
		if token, ok := fieldOf(v, name).(*string); ok && token != nil {
			return name + *token
		}
	}
	if v.NumField() > 0 && v.Field(0).Kind() == reflect.Pointer && v.Type().Field(0).IsExported() {
		return tokenOf(v.Field(0).Interface())
	}
	return ""
}

// operationIn returns the operation that answered the page.
func operationIn(page any) string {
	v := reflect.Indirect(reflect.ValueOf(page))
	if v.Kind() != reflect.Struct {
		return ""
	}
	metadata, _ := fieldOf(v, "ResultMetadata").(middleware.Metadata) // none in a test's page
	operation, _ := metadata.Get(operationKey{}).(string)             // "": it is not known
	return operation
}

func fieldOf(v reflect.Value, name string) any {
	if field := v.FieldByName(name); field.IsValid() {
		return field.Interface()
	}
	return nil
}

// ListAll returns the items of every page. With an error come the items of the
// pages before the one that could not be read.
func ListAll[P, O, T any](ctx context.Context, pages Pager[P, O], items func(P) []T) ([]T, error) {
	var list []T
	err := EachPage(ctx, pages, func(page P) error {
		list = append(list, items(page)...)
		return nil
	})
	return list, err
}

// Tags returns tags as a map; pair takes one apart.
func Tags[Tag any](tags []Tag, pair func(Tag) (key, value *string)) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	found := make(map[string]string, len(tags))
	for _, tag := range tags {
		key, value := pair(tag)
		if key != nil && value != nil {
			found[*key] = *value
		}
	}
	return found
}
