package onlambda

import "testing"

// TestMemoryLimit holds that the limit is below the function's memory, and that
// whoever sets GOMEMLIMIT is heeded.
func TestMemoryLimit(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want int64
	}{
		"on Lambda":             {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1000"}, 943_718_400},
		"said otherwise":        {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1000", "GOMEMLIMIT": "2GiB"}, 0},
		"not on Lambda":         {nil, 0},
		"a size that is no one": {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "much"}, 0},
	} {
		if got := memoryLimit(func(key string) string { return test.env[key] }); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
