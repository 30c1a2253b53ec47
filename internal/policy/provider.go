package policy

import (
	"errors"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"posture/internal/posture"
)

// provider tells CEL about the documents and turns their values into CEL's.
// It is complete before the first expression is evaluated, and only read then.
type provider struct {
	*types.Registry // the standard types

	resources map[string]*shape    // by resource type
	structs   map[string]structure // by CEL type name
	objects   map[reflect.Type]*types.Type
}

// structure is a type with fields, for CEL.
type structure struct {
	fields map[string]*types.FieldType
	names  []string
}

// newProvider returns a provider that knows the documents.
func newProvider(docs map[string]any) (*provider, error) {
	registry := types.NewEmptyRegistry()
	p := &provider{
		Registry: registry, resources: map[string]*shape{},
		structs: map[string]structure{}, objects: map[reflect.Type]*types.Type{},
	}
	below := shapes{}
	for _, typ := range sortedKeys(docs) {
		s, err := newResourceShape(below, typ, docs[typ])
		if err != nil {
			return nil, err
		}
		p.resources[typ] = s
		p.structs[typ] = p.resourceStructure(s)
	}
	for goType, s := range below {
		if _, taken := p.structs[s.name]; taken {
			return nil, fmt.Errorf("document %s: another struct has that name", s.name)
		}
		p.structs[s.name] = structure{names: s.names, fields: fieldTypes(s, structOf)}
		p.objects[goType] = types.NewObjectType(s.name)
	}
	return p, nil
}

// subject is a resource while it is judged: the value of the variable resource.
type subject struct {
	resource *posture.Resource
	doc      reflect.Value // the document's struct, addressable
}

// resourceStructure is a document's fields and those that every resource has.
func (p *provider) resourceStructure(s *shape) structure {
	fields := fieldTypes(s, func(target any) reflect.Value { return target.(*subject).doc })
	texts := map[string]func(*posture.Resource) string{
		"account": func(r *posture.Resource) string { return r.Account },
		"id":      func(r *posture.Resource) string { return r.ID },
		"name":    func(r *posture.Resource) string { return r.Name },
		"region":  func(r *posture.Resource) string { return r.Region },
	}
	for name, get := range texts {
		fields[name] = &types.FieldType{Type: types.StringType, IsSet: isSet, GetFrom: func(target any) (any, error) {
			return types.String(get(target.(*subject).resource)), nil
		}}
	}
	fields["tags"] = &types.FieldType{
		Type: types.NewMapType(types.StringType, types.StringType), IsSet: isSet,
		GetFrom: func(target any) (any, error) { return target.(*subject).resource.Tags, nil },
	}
	return structure{fields: fields, names: sortedKeys(fields)}
}

// fieldTypes returns how to get each field of a shape from a value in which
// find finds the struct.
func fieldTypes(s *shape, find func(any) reflect.Value) map[string]*types.FieldType {
	fields := map[string]*types.FieldType{}
	for name, f := range s.fields {
		fields[name] = &types.FieldType{Type: f.cel, IsSet: isSet, GetFrom: func(target any) (any, error) {
			return native(find(target).Field(f.index)), nil
		}}
	}
	return fields
}

// isSet answers for every field: rules may not ask whether a field is set.
func isSet(any) bool { return true }

// structOf returns the struct that a pointer points to, or the struct itself.
func structOf(target any) reflect.Value {
	return reflect.Indirect(reflect.ValueOf(target))
}

// native returns a field's value: a CEL value where that is cheap, a pointer
// for a struct, and the Go value for the rest.
func native(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return types.Bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return types.Int(v.Int())
	case reflect.Float32, reflect.Float64:
		return types.Double(v.Float())
	case reflect.String:
		return types.String(v.String())
	case reflect.Struct:
		if v.CanAddr() && v.Type() != timeType {
			return v.Addr().Interface()
		}
	}
	return v.Interface()
}

// NativeToValue returns the CEL value of a Go value.
func (p *provider) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case ref.Val:
		return v
	case []string:
		return types.NewStringList(p, v)
	case map[string]string:
		return newOrderedMap(p, v)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return native(v).(ref.Val)
	case reflect.Slice:
		return types.NewDynamicList(p, value)
	case reflect.Map:
		return types.NewDynamicMap(p, value)
	case reflect.Pointer, reflect.Struct:
		if typ, ok := p.objects[reflect.Indirect(v).Type()]; ok {
			return &object{typ: typ, value: value}
		}
	}
	return p.Registry.NativeToValue(value)
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.structs[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	s, ok := p.structs[name]
	return s.names, ok
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	f, ok := p.structs[name].fields[field]
	return f, ok
}

// NewValue implements types.Provider: expressions cannot make documents.
func (p *provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("values of %s cannot be made", name)
}

// object is a struct of a document as a CEL value.
type object struct {
	typ   *types.Type
	value any // the struct or a pointer to it
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a document cannot be converted")
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(typ ref.Type) ref.Val {
	if typ == types.TypeType {
		return o.typ
	}
	return types.NewErr("a document cannot be converted to %s", typ.TypeName())
}

// Equal implements ref.Val.
func (o *object) Equal(other ref.Val) ref.Val {
	with, ok := other.(*object)
	return types.Bool(ok && reflect.DeepEqual(structOf(o.value).Interface(), structOf(with.value).Interface()))
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.typ }

// Value implements ref.Val.
func (o *object) Value() any { return o.value }

// newEnvironment returns what all expressions share: the language, without
// anything that could read or make documents in other ways.
func newEnvironment(p *provider) (*cel.Env, error) {
	return cel.NewCustomEnv(append(language(), cel.CustomTypeAdapter(p), cel.CustomTypeProvider(p))...)
}
