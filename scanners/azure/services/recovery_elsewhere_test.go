package services

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// elsewhere is an estate of two subscriptions: what the first one has is backed
// up and replicated by vaults of the second.
const elsewhere = `
-- GET /subscriptions --
{"value": [
  {"subscriptionId": "11111111-2222-3333-4444-555555555555", "tenantId": "99999999-8888-7777-6666-555555555555", "displayName": "shop-prod"},
  {"subscriptionId": "22222222-2222-3333-4444-555555555555", "tenantId": "99999999-8888-7777-6666-555555555555", "displayName": "vaults"}
]}
-- table resourcecontainers --
[
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555", "name": "shop-prod", "type": "microsoft.resources/subscriptions", "subscriptionId": "11111111-2222-3333-4444-555555555555", "properties": {}},
  {"id": "/subscriptions/22222222-2222-3333-4444-555555555555", "name": "vaults", "type": "microsoft.resources/subscriptions", "subscriptionId": "22222222-2222-3333-4444-555555555555", "properties": {}}
]
-- table resources --
[
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/web", "name": "web", "type": "microsoft.compute/virtualmachines", "subscriptionId": "11111111-2222-3333-4444-555555555555", "properties": {"timeCreated": "2026-01-01T00:00:00Z"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/disks/data", "name": "data", "type": "microsoft.compute/disks", "subscriptionId": "11111111-2222-3333-4444-555555555555", "managedBy": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/web", "sku": {"name": "Premium_LRS"}, "properties": {"timeCreated": "2026-01-01T00:00:00Z"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/shares", "name": "shares", "type": "microsoft.storage/storageaccounts", "subscriptionId": "11111111-2222-3333-4444-555555555555", "kind": "StorageV2", "properties": {"creationTime": "2026-01-01T00:00:00Z"}}
]
-- table recoveryservicesresources --
[
  {"id": "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/v/providers/Microsoft.RecoveryServices/vaults/v/replicationFabrics/f/replicationProtectionContainers/c/replicationProtectedItems/web", "name": "web", "type": "microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers/replicationprotecteditems", "subscriptionId": "22222222-2222-3333-4444-555555555555", "properties": {"protectionState": "Protected", "replicationHealth": "Normal", "providerSpecificDetails": {"fabricObjectId": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/Web", "primaryFabricLocation": "westeurope", "recoveryFabricLocation": "northeurope"}}},
  {"id": "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/v/providers/Microsoft.DataProtection/backupVaults/v/backupInstances/data", "name": "data instance", "type": "microsoft.dataprotection/backupvaults/backupinstances", "subscriptionId": "22222222-2222-3333-4444-555555555555", "properties": {"dataSourceInfo": {"resourceID": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/disks/data", "datasourceType": "Microsoft.Compute/disks"}, "currentProtectionState": "ProtectionConfigured"}},
  {"id": "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/v/providers/Microsoft.DataProtection/backupVaults/v/backupJobs/j", "name": "j", "type": "microsoft.dataprotection/backupvaults/backupjobs", "subscriptionId": "22222222-2222-3333-4444-555555555555", "properties": {"backupInstanceId": "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/v/providers/Microsoft.DataProtection/backupVaults/v/backupInstances/data", "dataSourceId": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Compute/disks/data", "operationCategory": "Backup", "status": "Completed", "endTime": "2026-11-20T02:00:00Z"}},
  {"id": "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/v/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/c/protectedItems/one", "name": "one", "type": "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems", "subscriptionId": "22222222-2222-3333-4444-555555555555", "properties": {"backupManagementType": "AzureStorage", "friendlyName": "one", "sourceResourceId": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/shares", "protectionState": "Protected", "lastBackupStatus": "Completed", "lastBackupTime": "2026-11-20T02:00:00Z"}}
]
-- GET /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/a/providers/microsoft.storage/storageaccounts/shares/fileServices/default/shares --
{"value": [{"name": "one", "properties": {"enabledProtocols": "SMB"}}]}
`

// TestBackupsElsewhere: vaults may be in another subscription than what they
// hold. Where not all of the scope were read together, that there is none is not
// known.
func TestBackupsElsewhere(t *testing.T) {
	t.Parallel()
	const nothing = "/backupVaults/|/replicationFabrics/|/protectedItems/"
	at := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	noGrant := map[string]azuretest.Answer{
		"/subscriptions/22222222-2222-3333-4444-555555555555/providers/microsoft.authorization/permissions": {Status: 200, Body: `{"value": [{"actions": ["Microsoft.Compute/*"], "notActions": []}]}`},
	}
	for name, c := range map[string]struct {
		hidden  string // parts of ids
		rows    int    // of a slice
		answers map[string]azuretest.Answer
		held    bool
		why     posture.Reason // "": it is known
	}{
		"read together":         {held: true},
		"there is none":         {hidden: nothing},
		"read apart":            {rows: 1, why: posture.OtherAccount},
		"the other was refused": {hidden: nothing, answers: noGrant, why: posture.Denied},
		"refused, and yet some": {answers: noGrant, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := scanElsewhere(t, c.hidden, c.rows, c.answers)
			machine, disk, files := found["web"], found["data"], found["shares"]
			if doc, ok := machine.Doc.(*VirtualMachine); !ok || doc.SecondRegion != c.held {
				t.Errorf("machine: %+v", machine.Doc)
			}
			if doc, ok := disk.Doc.(*BackupSource); !ok || doc.LastBackup.Equal(at) != c.held {
				t.Errorf("disk: %+v", disk.Doc)
			}
			if doc, ok := files.Doc.(*FileService); !ok || doc.LastBackup.Equal(at) != c.held {
				t.Errorf("shares: %+v", files.Doc)
			}
			for field, r := range map[string]posture.Resource{"second_region": machine, "last_backup": disk, "behind": files} {
				if cause, _ := r.WhyUnread(field); cause.Reason != c.why {
					t.Errorf("%s: %q, want %q", field, cause, c.why)
				}
			}
		})
	}
}

// TestItemsCreatedElsewhere: what an item of a vault holds is looked up in its
// own subscription.
func TestItemsCreatedElsewhere(t *testing.T) {
	t.Parallel()
	for rows, known := range map[int]bool{0: true, 1: false} {
		item := scanElsewhere(t, "", rows, nil)["data instance"]
		doc, ok := item.Doc.(*BackupItem)
		if _, unread := item.WhyUnread("created"); !ok || unread == known || doc.Created.IsZero() == known {
			t.Errorf("%d rows a slice: %+v", rows, item)
		}
	}
}

// scanElsewhere scans the estate without the rows whose ids hold one of the
// texts, and returns what it found, by name.
func scanElsewhere(t *testing.T, hidden string, rows int, answers map[string]azuretest.Answer) map[string]posture.Resource {
	t.Helper()
	estate, err := azuretest.Parse(txtar.Parse([]byte(elsewhere)))
	if err != nil {
		t.Fatal(err)
	}
	for path, answer := range answers {
		estate.Answers[path] = answer
	}
	for table, all := range estate.Tables {
		estate.Tables[table] = nil
		for _, row := range all {
			id, _ := row["id"].(string)
			hide := false
			for _, part := range strings.Split(hidden, "|") {
				hide = hide || part != "" && strings.Contains(id, part)
			}
			if !hide {
				estate.Tables[table] = append(estate.Tables[table], row)
			}
		}
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	o := enginetest.Options(server)
	o.SliceRows = rows
	want := enginetest.Everything(Registry(), typeVM, itemType, backupSources.Name, fileServices.Name)
	found := map[string]posture.Resource{}
	for _, r := range enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, o, want).Resources {
		found[r.Name] = r
	}
	return found
}
