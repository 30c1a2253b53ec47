package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// addDebug adds the flag that shows what providers wrote.
func addDebug(cmd *cobra.Command, debug *bool) {
	cmd.Flags().BoolVar(debug, "debug", false, "print each request to the cloud on standard error, and what the provider wrote about what could not be read, without secrets")
}

// saidOf returns what the provider wrote about an operation, "" for nothing.
func saidOf(said []posture.Saying, operation string) string {
	for _, one := range said {
		if one.Cause.Operation == operation {
			return one.Text
		}
	}
	return ""
}

// saidLines returns what the providers wrote in all parts of a run.
func saidLines(parts []snapshot.Part) string {
	var b strings.Builder
	for _, part := range parts {
		for _, one := range part.Report.Said {
			fmt.Fprintln(&b, saidLine(part.Target.String()+": "+one.Cause.String(), one.Text))
		}
	}
	return b.String()
}

func saidLine(about, text string) string {
	return about + "\n  the provider wrote: " + escape.Line(text)
}
