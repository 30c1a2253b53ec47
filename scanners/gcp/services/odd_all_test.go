package services

import (
	"cmp"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

var update = flag.Bool("update", false, "write the golden file again")

// answers are the types that Decode fills, by the inventory's type where a
// service has several, else by the service's.
var answers = map[string]any{
	"alloydb.googleapis.com/Cluster": alloyDBClusterData{}, "alloydb.googleapis.com/Instance": alloyDBInstanceData{},
	"apikeys.googleapis.com/Key":      apiKeyData{},
	"bigquery.googleapis.com/Dataset": bigQueryDatasetData{}, "bigquery.googleapis.com/Table": bigQueryTableData{},
	typeFunction:                                  functionData{},
	"cloudkms.googleapis.com/CryptoKey":           kmsKeyData{},
	engine.TypeProject:                            engine.Labelled{},
	typeBackendService:                            backendData{},
	"compute.googleapis.com/Disk":                 diskData{},
	typeFirewall:                                  firewallData{},
	typeFirewallPolicy:                            firewallPolicyData{},
	"compute.googleapis.com/InstanceGroupManager": groupData{},
	"compute.googleapis.com/Image":                engine.Labelled{},
	typeVM:                                        vmData{},
	typeNetwork:                                   networkData{},
	typeComputeProject:                            computeProjectData{},
	"compute.googleapis.com/Subnetwork":           subnetworkData{},
	"compute.googleapis.com/TargetHttpsProxy":     tlsProxyData{},
	"compute.googleapis.com/UrlMap":               urlMapData{},
	"container.googleapis.com/Cluster":            gkeData{},
	"dataproc.googleapis.com/Cluster":             dataprocData{},
	"dns.googleapis.com/ManagedZone":              dnsZoneData{},
	"firestore.googleapis.com/Database":           firestoreData{},
	"iam.googleapis.com/ServiceAccount":           accountData{}, typeAccountKey: keyData{},
	"iam.googleapis.com/WorkloadIdentityPoolProvider": providerData{},
	"logging.googleapis.com/LogBucket":                logBucketData{},
	"pubsub.googleapis.com/Topic":                     topicData{}, typeSubscription: subscriptionData{},
	"redis.googleapis.com/Instance":       redisData{},
	typeRunService:                        runData{},
	"secretmanager.googleapis.com/Secret": secretData{},
	"spanner.googleapis.com/Database":     spannerDatabaseData{},
	"sqladmin.googleapis.com/Instance":    sqlData{}, "sqladmin.googleapis.com/BackupRun": sqlBackupData{},
	"storage.googleapis.com/Bucket": bucketData{},
}

// TestEveryOddMember puts values of other JSON types into every member of every
// answer: the fields that are made of it are unread and say which member it
// is, all others are read as if the member were not there. The golden file
// says which fields those are.
func TestEveryOddMember(t *testing.T) {
	t.Parallel()
	for _, s := range all {
		if _, has := answers[s.Name]; !has && !s.Once {
			t.Errorf("%s: its answer is not among those that are tested", s.Name)
		}
	}
	types := slices.Sorted(maps.Keys(answers))
	said := make([]string, len(types))
	t.Run("of", func(t *testing.T) { // it ends with the last of them
		for n, typ := range types {
			t.Run(engine.LastOf(typ), func(t *testing.T) {
				t.Parallel()
				said[n] = newOddBench(t, typ).describe(t)
			})
		}
	})
	golden := strings.Join(said, "")
	const file = "testdata/odd.golden"
	if *update {
		if err := os.WriteFile(file, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := string(enginetest.Must[[]byte](t)(os.ReadFile(file)))
	if diff := gocmp.Diff(want, golden); diff != "" {
		t.Error(diff)
	}
}

// describe says which fields each member of the answer costs.
func (b *oddBench) describe(t *testing.T) string {
	t.Helper()
	var said strings.Builder
	fmt.Fprintf(&said, "%s\n", b.typ)
	last := ""
	for m, fields := range b.costs(t) {
		if len(fields) == len(scanners.FieldsOf(b.service.Doc))+1 && len(fields) > 1 && !slices.Contains(fields, posture.FieldName) {
			fields = []string{"all"}
		}
		line := fmt.Sprintf("  %s: %s\n", m.name(), cmp.Or(strings.Join(fields, " "), "none"))
		if line != last { // as of a list, which costs what its items do
			said.WriteString(line)
		}
		last = line
	}
	return said.String()
}

// costs returns the fields that are unread where a member is odd, which are the
// same for every odd value and every base.
func (b *oddBench) costs(t *testing.T) iter.Seq2[member, []string] {
	t.Helper()
	members := membersOf(reflect.TypeOf(answers[b.typ]), nil)
	var lines []string
	for _, m := range members {
		for _, base := range b.bases {
			lines = append(lines, b.line(t, base, len(lines), m.at, nil))
			for _, odd := range m.odds {
				lines = append(lines, b.line(t, base, len(lines), m.at, odd))
			}
		}
	}
	found := b.read(t, lines)
	return func(yield func(member, []string) bool) {
		for _, m := range members {
			n := len(b.bases) * (len(m.odds) + 1)
			if !yield(m, b.cost(t, m, found[:n])) {
				return
			}
			found = found[n:]
		}
	}
}

// cost does so for one member, of which for each base the first resource is
// the one without it.
func (b *oddBench) cost(t *testing.T, m member, found []posture.Resource) []string {
	t.Helper()
	var costs map[string]bool
	for at := 0; at < len(found); at += len(m.odds) + 1 {
		without := fieldsOf(t, found[at])
		for n, r := range found[at+1 : at+1+len(m.odds)] {
			marked := m.marked(r)
			if costs != nil && !maps.Equal(costs, marked) {
				t.Errorf("%s: %s costs %v, and as %v of %s it costs %v", b.typ, m.name(), costs, m.odds[n], r.Name, marked)
			}
			costs = marked
			for field, value := range fieldsOf(t, r) {
				if !marked[field] && value != without[field] {
					t.Errorf("%s: %s is %v: %s is %s, and %s without it", b.typ, m.name(), m.odds[n], field, value, without[field])
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(costs))
}

// marked returns the fields that are unread for the sake of the member.
func (m member) marked(r posture.Resource) map[string]bool {
	marked := map[string]bool{}
	for _, u := range r.Unread {
		if u.Cause.Reason == posture.NotUnderstood && strings.HasPrefix(u.Cause.Code, m.name()+" is no") {
			marked[u.Field] = true
		}
	}
	return marked
}
