package gcp

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// Slice is a part of an inventory's scope that was read as one.
type Slice struct {
	Targets []posture.Target // those of it that were asked for

	inventories map[string]*Inventory // by account
}

// Project returns what the slice holds of one of its targets. It makes no
// call.
func (s Slice) Project(target posture.Target) *Project {
	return s.inventories[target.Account].Project(target)
}

// add adds a target, and the inventory that holds it.
func (s *Slice) add(of *Inventory, targets ...posture.Target) {
	if s.inventories == nil {
		s.inventories = map[string]*Inventory{}
	}
	s.Targets = append(s.Targets, targets...)
	for _, target := range targets {
		s.inventories[target.Account] = of
	}
}

// Ask is what slices are asked for.
type Ask struct {
	Want    posture.Want
	Began   time.Time        // when the run began: all is read as of then
	Targets []posture.Target // of the scope; the rest of it is not read
}

// Slices reads the scope in slices that fit into the time of the context and
// into memory, and what it gives is what one pass over all of it would give.
// Without a deadline there is one slice. First it lists for the whole scope
// what is looked at from everywhere: the hierarchy with its policies, and the
// types that belong to folders and organizations, too. Then it tries to read
// the rest in one. What has too many pages, or takes too long, is read by its
// folders and projects, each in the same way. Only one slice is held at a
// time. When time runs out it returns the context's error.
func (i *Inventory) Slices(ctx context.Context, ask Ask) iter.Seq2[Slice, error] {
	return func(yield func(Slice, error) bool) {
		if i.client == nil {
			slice := Slice{}
			slice.add(i, ask.Targets...)
			yield(slice, nil)
			return
		}
		s := &slicer{Inventory: i, at: i.readTime(ask.Began), yield: yield, unknown: map[listingKey]error{}}
		if err := s.run(ctx, ask); err != nil && !errors.Is(err, errStopped) {
			yield(Slice{}, err)
		}
	}
}

// inProjects begins the names of types of which each belongs to a project:
// only these are read in slices. What is not among them is listed for the
// whole scope, which is right for any type, and costs memory only.
var inProjects = []string{
	"alloydb.", "apikeys.", "appengine.", "artifactregistry.", "backupdr.", "bigquery.", "bigtableadmin.", "certificatemanager.",
	"cloudfunctions.", "cloudkms.", "composer.", "compute.", "container.", "dataflow.", "dataproc.", "dns.", "file.", "firestore.",
	"iam.googleapis.com/ServiceAccount", "iam.googleapis.com/WorkloadIdentityPool", "logging.googleapis.com/LogMetric", "memcache.",
	"monitoring.", "pubsub.", "redis.", "run.", "secretmanager.", "serviceusage.", "spanner.", "sqladmin.", "storage.", "vpcaccess.",
}

// above are the types among them that folders and organizations have, too.
var above = []string{
	"cloudkms.googleapis.com/AutokeyConfig", "compute.googleapis.com/FirewallPolicy", "compute.googleapis.com/SecurityPolicy",
}

// sliced reports whether a type is read in slices.
func sliced(typ string) bool {
	return !slices.Contains(above, typ) && slices.ContainsFunc(inProjects, func(name string) bool { return strings.HasPrefix(typ, name) })
}

// divide tells what is listed for the whole scope from what is read in slices.
func (i *Inventory) divide(want posture.Want) (common, rest map[content][]string) {
	everywhere := map[string]bool{}
	for s := range i.selected(want) {
		for _, join := range s.Joins {
			everywhere[join.Type] = everywhere[join.Type] || join.Everywhere
		}
	}
	common, rest = map[content][]string{}, map[content][]string{}
	for content, types := range i.needs(want) {
		for _, typ := range types {
			if sliced(typ) && !everywhere[typ] {
				rest[content] = append(rest[content], typ)
			} else {
				common[content] = append(common[content], typ)
			}
		}
	}
	return common, rest
}
