package services

import (
	"testing"
	"time"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestRecovery(t *testing.T) {
	t.Parallel()
	lacks := lackingOf(recoveryVaults.Name)
	created, at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	disk, cluster := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	serviceTest{
		data:  "recovery",
		types: []string{recoveryVaults.Name, itemType, backupPolicies.Name, backupSources.Name, fileServices.Name},
		want: map[string]any{
			"vaults good": &RecoveryVault{SoftDelete: true, Immutable: true, Locked: true, Items: 3},
			"vaults bad":  &RecoveryVault{Items: 4},
			"vaults bare": &RecoveryVault{},
			"vaults data": &RecoveryVault{SoftDelete: true, Immutable: true, Items: 4},

			"protectedItems web1":    &BackupItem{Created: created, LastBackup: at},
			"protectedItems web3":    &BackupItem{Created: created, LastBackup: at},
			"protectedItems users":   &BackupItem{Created: created, LastBackup: at},
			"protectedItems orders":  &BackupItem{},
			"protectedItems One":     &BackupItem{Created: created, Pending: true},
			"protectedItems two":     &BackupItem{Created: created, LastBackup: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Stopped: true},
			"protectedItems data2":   &BackupItem{Created: created, LastBackup: disk},
			"protectedItems blobs":   &BackupItem{Created: created, Continuous: true},
			"protectedItems vaulted": &BackupItem{Created: created},
			"protectedItems kube":    &BackupItem{LastBackup: cluster},

			"backupPolicies daily":  &BackupPolicy{IntervalHours: 24, RetentionDays: 35, Used: true},
			"backupPolicies weekly": &BackupPolicy{IntervalHours: 168, RetentionDays: 84, Used: true},
			"backupPolicies sql":    &BackupPolicy{IntervalHours: 2, RetentionDays: 21, Used: true},
			"backupPolicies hourly": &BackupPolicy{IntervalHours: 4, RetentionDays: 30},
			"backupPolicies bare":   &BackupPolicy{},
			"backupPolicies odd":    &BackupPolicy{},
			"backupPolicies disks":  &BackupPolicy{IntervalHours: 4, RetentionDays: 7, Used: true},
			"backupPolicies blobs":  &BackupPolicy{RetentionDays: 30, Used: true},

			"backupInstances os1":   &BackupSource{Created: created, LastBackup: at, Attached: true, System: true},
			"backupInstances data1": &BackupSource{Created: created, LastBackup: at, Attached: true},
			"backupInstances data2": &BackupSource{Created: created, LastBackup: disk, Attached: true},
			"backupInstances data3": &BackupSource{Created: created, Attached: true},
			"backupInstances pvc-2": &BackupSource{Created: created, Attached: true, Managed: true},
			"backupInstances ultra": &BackupSource{Created: created, Unsupported: true},
			"backupInstances pvc-1": &BackupSource{Created: created, Managed: true},
			"backupInstances kube":  &BackupSource{Cluster: true, Created: created, LastBackup: cluster, Attached: true},

			"fileServices shares": &FileService{SoftDeleteDays: 7, Created: created, Behind: "one"},
		},
		unread: map[string][]string{
			"vaults bare":           {lacks("immutable"), lacks("locked"), lacks("soft_delete")},
			"protectedItems orders": {lackingOf(itemType)("created")},
			"protectedItems kube":   {lackingOf(itemType)("created"), strange(itemType, "state of protection", "pending"), strange(itemType, "state of protection", "stopped")},
			"backupInstances data3": {"last_backup: read " + itemType + ": last_backup was not in the answer"},
			"backupInstances pvc-2": {"last_backup: read " + itemType + ": last_backup was not in the answer"},
			"backupPolicies odd":    {strange(backupPolicies.Name, "schedule", "interval_hours"), strange(backupPolicies.Name, "retention", "retention_days")},
			"backupPolicies bare":   {strange(backupPolicies.Name, "schedule", "interval_hours"), strange(backupPolicies.Name, "retention", "retention_days")},
		},
	}.run(t)
}

func strange(typ, what, field string) string { return strangeOf(typ)(what, field) }

// TestMachineRecovery: of a machine, which has more tests of its own.
func TestMachineRecovery(t *testing.T) {
	t.Parallel()
	docs := machinesOf(t, "recovery")
	at := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	if web := docs["web1"]; !web.LastBackup.Equal(at) || !web.SecondRegion || web.Replaceable {
		t.Errorf("web1: %+v", web)
	}
	if spot := docs["web2"]; !spot.LastBackup.IsZero() || spot.SecondRegion || !spot.Replaceable {
		t.Errorf("web2, a spot machine replicated within its region: %+v", spot)
	}
}

func TestISOHours(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"P1D": 24, "PT4H": 4, "P1W": 168, "P1Y": 8760, "P1M": 720, "P1DT12H": 36, "": 0, "P": 0, "1D": 0, "P99999999999D": 0, "PT30M": 0} {
		if got, ok := isoHours(text); got != want || ok != (want > 0) {
			t.Errorf("%q: %d %v, want %d", text, got, ok, want)
		}
	}
}

// machinesOf scans the machines of test data, by name.
func machinesOf(t *testing.T, data string) map[string]*VirtualMachine {
	t.Helper()
	docs := map[string]*VirtualMachine{}
	result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serve(t, data)), enginetest.Everything(Registry(), typeVM))
	for _, r := range result.Resources {
		doc, ok := r.Doc.(*VirtualMachine)
		if !ok {
			t.Fatalf("%T", r.Doc)
		}
		docs[r.Name] = doc
	}
	return docs
}

// TestHourlyPolicies: the longest wait is that until the window opens again.
func TestHourlyPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ each, window, want int64 }{
		{4, 24, 4}, {12, 24, 12}, {4, 12, 12}, {6, 8, 18}, {4, 0, 24}, {0, 12, 24}, {48, 24, 24},
	} {
		var p recoveryPolicy
		p.SchedulePolicy.ScheduleRunFrequency = "Hourly"
		p.SchedulePolicy.HourlySchedule.Interval, p.SchedulePolicy.HourlySchedule.ScheduleWindowDuration = c.each, c.window
		if got := p.hours(); got != c.want {
			t.Errorf("every %d hours in a window of %d: %d, want %d", c.each, c.window, got, c.want)
		}
	}
}

// TestReplicaWorks: a replica whose health is not known is no replica
// that works.
func TestReplicaWorks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state, health, to string
		want              bool
		unread            int
	}{
		"well":               {"Protected", "Normal", "northeurope", true, 0},
		"with a warning":     {"Protected", "Warning", "northeurope", true, 0},
		"in trouble":         {"Protected", "Critical", "northeurope", false, 0},
		"nothing of it":      {"Protected", "", "northeurope", false, 1},
		"something new":      {"Protected", "Odd", "northeurope", false, 1},
		"within its region":  {"Protected", "Normal", "westeurope", false, 0},
		"not yet replicated": {"InitialReplicationInProgress", "Normal", "northeurope", false, 0},
	} {
		var m machineReplica
		m.Properties.ProtectionState, m.Properties.ReplicationHealth = c.state, c.health
		m.Properties.ProviderSpecificDetails.PrimaryFabricLocation, m.Properties.ProviderSpecificDetails.RecoveryFabricLocation = "westeurope", c.to
		r := &engine.Reading{}
		if got := m.works(r); got != c.want || len(r.Unread()) != c.unread {
			t.Errorf("%s: %v, unread %v", name, got, r.Unread())
		}
	}
}
