package engine

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// wholeReads bounds how many rows of a subscription are read from Azure Resource
// Manager because Resource Graph left out their properties.
const wholeReads = 200

var errManyBare error = &posture.ReasonError{Reason: posture.TooMuch, Code: "rows without properties", Text: "too many rows come without their properties to read each of them again"}

// whole returns the row as Azure Resource Manager has it, where Resource Graph
// left out its properties and into has any: once for all who read the row. Where
// there is no such read it returns the row as it is, and where that fails the
// error, too.
func (p *place) whole(ctx context.Context, row *Row, into any) (*Row, error) {
	operation, version := p.estate.registry.second(row.Type)
	if !row.bare || !hasProperties(into) || version == "" || p.estate.export != nil {
		return row, nil
	}
	read, err := scanners.Once(&p.memo, "whole "+row.ID, func() (*Row, error) {
		if p.bare.Add(1) > wholeReads {
			return nil, scanners.Failed(operation, errManyBare)
		}
		ctx, cancel := context.WithTimeout(ctx, scanners.RereadTime)
		defer cancel()
		return p.readRow(ctx, row, operation, version)
	})
	switch {
	case errors.Is(err, posture.ErrGone): // then what the graph left out is all that is known
		return row, nil
	case err != nil:
		return row, err
	}
	return read, nil
}

// readRow reads a row by Azure Resource Manager.
func (p *place) readRow(ctx context.Context, row *Row, operation, version string) (*Row, error) {
	body, err := p.estate.get(ctx, p.estate.manager.in(row.Location), operation, withVersion(escapedPath(row.ID), version))
	if err != nil {
		return nil, err
	}
	read, err := newRow(body)
	if err != nil || read.ID != row.ID {
		return nil, scanners.Failed(operation, errors.Join(answer.ErrAnother, err))
	}
	read.Location, read.kept = cmp.Or(read.Location, row.Location), row.kept // a part has those of its whole
	return read, nil
}

// hasProperties reports whether a value, which is pointed to, has a member for
// the properties of a row.
func hasProperties(into any) bool {
	of := reflect.TypeOf(into).Elem()
	if of.Kind() != reflect.Struct {
		return false
	}
	_, has := of.FieldByName("Properties")
	return has
}

// properties notes whether a row has any: neither null nor nothing.
type properties bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *properties) UnmarshalJSON(data []byte) error {
	*p = string(data) != "null"
	return nil
}

// allWhole hands over all rows, one after the other, as whole returns them.
func (p *place) allWhole(rows []*Row, into any, take func(*Row, error)) error {
	read, refused := make([]*Row, len(rows)), make([]error, len(rows))
	late := scanners.Each(p.ctx, readsAtOnce, indexes(rows), func(ctx context.Context, i int) {
		read[i], refused[i] = p.whole(ctx, rows[i], into)
	})
	for i, row := range rows {
		take(cmp.Or(read[i], row), refused[i])
	}
	return late
}
