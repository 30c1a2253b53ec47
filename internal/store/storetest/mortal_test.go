package storetest_test

import (
	"errors"
	"testing"

	"posture/internal/store"
	"posture/internal/store/storetest"
)

// TestMortal: the last call of a process is made or not, and it never hears of
// it.
func TestMortal(t *testing.T) {
	for name, c := range map[string]struct {
		life                *storetest.Mortal
		first, second, read error
		kept                int
	}{
		"immortal":            {&storetest.Mortal{Left: -1}, nil, nil, nil, 2},
		"dead":                {&storetest.Mortal{}, storetest.ErrCrash, storetest.ErrCrash, storetest.ErrCrash, 0},
		"before the second":   {&storetest.Mortal{Left: 2}, nil, storetest.ErrCrash, storetest.ErrCrash, 1},
		"after the second":    {&storetest.Mortal{Left: 2, Applied: true}, nil, storetest.ErrCrash, storetest.ErrCrash, 2},
		"reads do not count":  {&storetest.Mortal{Left: 3, Writes: true}, nil, nil, nil, 2},
		"at the read":         {&storetest.Mortal{Left: 3}, nil, nil, storetest.ErrCrash, 2},
		"at the third, later": {&storetest.Mortal{Left: 4}, nil, nil, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			disk := store.Memory()
			life := c.life
			life.Store = disk
			_, first := life.PutIfAbsent(t.Context(), "a", nil)
			_, second := life.PutIfAbsent(t.Context(), "b", nil)
			_, _, read := store.Read(t.Context(), life, "a", 1)
			for i, got := range []error{first, second, read} {
				if want := []error{c.first, c.second, c.read}[i]; !errors.Is(got, want) {
					t.Errorf("call %d: %v, want %v", i+1, got, want)
				}
			}
			kept := 0
			for _, err := range disk.List(t.Context(), "") {
				if err != nil {
					t.Fatal(err)
				}
				kept++
			}
			if kept != c.kept {
				t.Errorf("%d objects, want %d", kept, c.kept)
			}
		})
	}
}
