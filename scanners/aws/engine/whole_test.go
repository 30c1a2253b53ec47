package engine

import "testing"

func TestIsPage(t *testing.T) {
	tests := map[string]bool{
		"<!DOCTYPE html><title>Log in": true,
		"\n <html lang=en>":            true,
		`<?xml version="1.0"?><Listen`: false,
		`{"Functions": ["<html>"]}`:    false,
		"":                             false,
	}
	for start, want := range tests {
		if got := isPage([]byte(start)); got != want {
			t.Errorf("isPage(%q) = %v, want %v", start, got, want)
		}
	}
}
