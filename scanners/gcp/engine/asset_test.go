package engine

import (
	"math"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
)

// withField returns an asset whose data has the one field "a".
func withField(t *testing.T, value any) *Asset {
	t.Helper()
	given, err := structpb.NewValue(value)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]*structpb.Value{"a": given}
	return newAsset(&assetpb.Asset{Resource: &assetpb.Resource{Data: &structpb.Struct{Fields: fields}}})
}

func TestDataOfAsset(t *testing.T) {
	for _, want := range []any{
		nil, true, "", "a\"b\\\n<é>\u2028", 0.0, -1.5, 1e-9, 1e15, 1e300, []any{}, []any{nil, "x", 1.0}, map[string]any{"b": map[string]any{}},
	} {
		var got map[string]any
		if err := withField(t, want).decode(&got); err != nil {
			t.Errorf("%v: %v", want, err)
		}
		if diff := gocmp.Diff(map[string]any{"a": want}, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", want, diff)
		}
	}
}

// What is no number is not read as zero, which a rule could judge.
func TestDataIsNoNumber(t *testing.T) {
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var got struct {
			A float64 `json:"a"`
		}
		if err := withField(t, value).decode(&got); err == nil {
			t.Errorf("%v is read as %v", value, got.A)
		}
	}
}
