package services

import "testing"

func TestStorage(t *testing.T) {
	lacks := lackingOf("Microsoft.Storage/storageAccounts")
	refused := func(field string) string {
		return field + ": " + readBlobServices + ": access denied; grant " + readBlobServices
	}
	serviceTest{
		data:  "storage",
		types: []string{"Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/blobServices"},
		want: map[string]any{
			"storageAccounts shopgood": &StorageAccount{
				RequiresTLS: true, MinTLS: "1.2", CustomerKey: true, DoubleEncrypted: true, KeyAgeDays: 21,
				TrustedServices: true, PrivateEndpoints: 1, ZoneRedundant: true, GeoRedundant: true, Kind: "StorageV2",
			},
			"storageAccounts shopbad": &StorageAccount{
				MinTLS: "1.0", SharedKey: true, KeyAgeDays: 730, Anonymous: true, AnyNetwork: true, TrustedServices: true, Kind: "StorageV2",
			},
			"storageAccounts shopbare": &StorageAccount{MinTLS: "1.0", SharedKey: true, Anonymous: true, Kind: "StorageV2"},
			"blobServices shopgood":    &BlobService{SoftDeleteDays: 14, ContainerSoftDeleteDays: 7, Versioning: true, PointInTimeRestore: true},
			"blobServices shopbad":     &BlobService{},
			"blobServices shopbare":    &BlobService{},
		},
		unread: map[string][]string{
			"storageAccounts shopbare": {
				lacks("customer_key"), lacks("double_encrypted"), lacks("key_age_days"), lacks("any_network"), lacks("requires_tls"), lacks("trusted_services"),
			},
			"blobServices shopbare": {
				refused("container_soft_delete_days"), refused("point_in_time_restore"), refused("soft_delete_days"), refused("versioning"),
			},
		},
	}.run(t)
}
