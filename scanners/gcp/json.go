package gcp

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// appendStruct appends the struct as JSON on one line.
func appendStruct(b []byte, s *structpb.Struct) []byte {
	b = append(b, '{')
	first := true
	for name, value := range s.GetFields() {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendText(b, name), ':')
		b = appendValue(b, value)
	}
	return append(b, '}')
}

func appendValue(b []byte, v *structpb.Value) []byte {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return appendText(b, kind.StringValue)
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(b, kind.BoolValue)
	case *structpb.Value_NumberValue:
		if !math.IsNaN(kind.NumberValue) && !math.IsInf(kind.NumberValue, 0) {
			return strconv.AppendFloat(b, kind.NumberValue, 'f', -1, 64)
		}
	case *structpb.Value_StructValue:
		return appendStruct(b, kind.StructValue)
	case *structpb.Value_ListValue:
		b = append(b, '[')
		for i, item := range kind.ListValue.GetValues() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, item)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// appendText appends a JSON string. Most need no escapes.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil { // strings always encode
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
