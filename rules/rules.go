// Package rules holds the rule files that come with the program, one file
// system per cloud, and the criteria that rules may support. It keeps data
// only: reading and checking it is for the caller, and a rule that a user
// brings is treated no differently. Begin with Clouds.
package rules

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed aws/*.yaml
var aws embed.FS

//go:embed gcp/*.yaml
var gcp embed.FS

//go:embed azure/*.yaml
var azure embed.FS

// Criteria holds the SOC 2 criteria: soc2.yaml, and crosswalk.yaml that
// relates them to other frameworks.
//
//go:embed soc2.yaml crosswalk.yaml
var Criteria embed.FS

// LeftOut is left-out.yaml: what public lists check and no rule here does.
//
//go:embed left-out.yaml
var LeftOut []byte

// Cloud is a provider as its rules know it: without what reads it, so that a
// program may know of all clouds and link only one.
type Cloud struct {
	Name  string // in ids and files: "gcp"; the ids of its rules begin with it and a dash
	Title string // for people: "Google Cloud"
	Mark  string // what the name of each of its resource types holds: ".googleapis.com/"
	Files fs.FS  // its rules, as gcp/<id>.yaml
}

// Clouds is the list of clouds, in the order in which people see them.
func Clouds() []Cloud {
	return []Cloud{
		{Name: "aws", Title: "AWS", Mark: "AWS::", Files: aws},
		{Name: "gcp", Title: "Google Cloud", Mark: ".googleapis.com/", Files: gcp},
		{Name: "azure", Title: "Azure", Mark: "Microsoft.", Files: azure},
	}
}

// Of returns a cloud of the list by its name; the zero Cloud where it has none of it.
func Of(name string) Cloud {
	for _, c := range Clouds() {
		if c.Name == name {
			return c
		}
	}
	return Cloud{}
}

// Owns reports whether a resource type is one of the cloud's, by its form.
func (c Cloud) Owns(typ string) bool { return strings.Contains(typ, c.Mark) }

// Files returns the rules of all clouds.
func Files() []fs.FS {
	var files []fs.FS
	for _, cloud := range Clouds() {
		files = append(files, cloud.Files)
	}
	return files
}
