package aws

import (
	"reflect"
	"strings"
)

// fieldsOf returns the JSON names of a document's fields.
func fieldsOf(doc any) []string {
	typ := reflect.TypeOf(doc)
	var names []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" && typ.Field(i).Anonymous {
			names = append(names, fieldsOf(reflect.Zero(typ.Field(i).Type).Interface())...)
			continue
		}
		names = append(names, name)
	}
	return names
}
