package services

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// StorageAccount is what rules may ask of a storage account.
type StorageAccount struct {
	RequiresTLS      bool   `json:"requires_tls"`      // requests without TLS are refused
	MinTLS           string `json:"min_tls"`           // the oldest version that is accepted: "1.0", "1.2"
	CustomerKey      bool   `json:"customer_key"`      // encrypted with a key of the customer's, in a key vault
	DoubleEncrypted  bool   `json:"double_encrypted"`  // encrypted a second time, by the infrastructure
	SharedKey        bool   `json:"shared_key"`        // the account's keys are accepted
	KeyAgeDays       int64  `json:"key_age_days"`      // days since the older of the two keys was made
	Anonymous        bool   `json:"anonymous"`         // containers may be opened to anonymous readers
	AnyNetwork       bool   `json:"any_network"`       // its endpoint answers to every network
	TrustedServices  bool   `json:"trusted_services"`  // Azure's own services may pass the firewall
	PrivateEndpoints int64  `json:"private_endpoints"` // approved ones
	ZoneRedundant    bool   `json:"zone_redundant"`    // copies lie in several zones of its region
	GeoRedundant     bool   `json:"geo_redundant"`     // copies lie in a second region
	Kind             string `json:"kind"`              // "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage", "Storage"
	Managed          bool   `json:"managed"`           // another service made it and keeps it

	HoldsActivityLog  bool `json:"holds_activity_log"`  // the activity log of a subscription is exported to it
	ActivityLogPublic bool `json:"activity_log_public"` // a container with that is open to anonymous readers
}

var storageAccounts = engine.Service{
	Type: scanners.Type{
		Name:    accountType,
		Service: "storage",
		Doc:     StorageAccount{},
		Calls: []scanners.Call{
			diagnosticCall("holds_activity_log"),
			{Op: readContainers, Each: true, For: []string{"holds_activity_log", "activity_log_public"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  storageVersion,
	Read: readStorageAccount,
}

// storageData is what is read of an account
// (learn.microsoft.com/rest/api/storagerp/storage-accounts/get-properties).
type storageData struct {
	Kind string                `gives:"kind,holds_activity_log,activity_log_public"`
	SKU  struct{ Name string } `gives:"zone_redundant,geo_redundant"`

	Properties struct {
		SupportsHTTPSTrafficOnly *bool        `gives:"requires_tls"`
		MinimumTLSVersion        string       `gives:"min_tls"`
		AllowBlobPublicAccess    *bool        `gives:"anonymous,activity_log_public"`
		AllowSharedKeyAccess     *bool        `gives:"shared_key"`
		PublicNetworkAccess      string       `gives:"any_network,trusted_services"`
		NetworkACLs              *networkACLs `gives:"any_network,trusted_services"`
		Encryption               *struct {
			KeySource                       string
			RequireInfrastructureEncryption bool
		} `gives:"customer_key,double_encrypted"`
		KeyCreationTime            *struct{ Key1, Key2 *time.Time } `gives:"key_age_days"`
		PrivateEndpointConnections []privateEndpoint                `gives:"private_endpoints"`
	}
}

func readStorageAccount(r *engine.Reading) any {
	var data storageData
	r.Decode(&data)
	p := data.Properties
	doc := &StorageAccount{
		RequiresTLS: engine.Need(r, p.SupportsHTTPSTrafficOnly, "requires_tls"),
		MinTLS:      tlsVersion(r, p.MinimumTLSVersion, "1.0", "min_tls"), // absent: 1.0, as the API documents
		SharedKey:   unlessOff(p.AllowSharedKeyAccess),
		Anonymous:   unlessOff(p.AllowBlobPublicAccess),
		Kind:        data.Kind,
		Managed:     r.Managed(),

		PrivateEndpoints: approved(p.PrivateEndpointConnections),
	}
	if p.SupportsHTTPSTrafficOnly == nil { // always there: without it, what else is absent is no default
		for _, of := range []struct {
			field  string
			absent bool
		}{
			{"min_tls", p.MinimumTLSVersion == ""}, {"shared_key", p.AllowSharedKeyAccess == nil},
			{"anonymous", p.AllowBlobPublicAccess == nil}, {"private_endpoints", p.PrivateEndpointConnections == nil},
		} {
			if of.absent {
				r.Absent("read "+r.Type, of.field)
			}
		}
	}
	if encryption := engine.Need(r, p.Encryption, "customer_key", "double_encrypted"); p.Encryption != nil {
		doc.CustomerKey = oneOf(r, "source of the key", encryption.KeySource, "customer_key", "Microsoft.Keyvault", "Microsoft.Storage") == "Microsoft.Keyvault"
		doc.DoubleEncrypted = encryption.RequireInfrastructureEncryption
	}
	readStorageNetwork(r, p.PublicNetworkAccess, p.NetworkACLs, doc)
	readStorageCopies(r, data.SKU.Name, doc)
	if data.Kind == "" {
		r.Absent("read "+r.Type, "kind")
	}
	if created := engine.Need(r, p.KeyCreationTime, "key_age_days"); p.KeyCreationTime != nil {
		doc.KeyAgeDays = olderKey(r, created.Key1, created.Key2)
	}
	readActivityLogHolding(r, doc)
	return doc
}

// readActivityLogHolding reads whether the account holds an activity log: that
// of its own subscription is sent to it, or it has the container that Azure
// makes for one, of whichever subscription.
func readActivityLogHolding(r *engine.Reading, doc *StorageAccount) {
	fields := []string{"holds_activity_log", "activity_log_public"}
	if !r.Wants(fields...) || doc.Kind == "FileStorage" {
		return
	}
	settings, err := activityLogSettings(r)
	r.Got(err, "holds_activity_log")
	for _, setting := range settings {
		doc.HoldsActivityLog = doc.HoldsActivityLog || strings.EqualFold(setting.Properties.StorageAccountID, r.Row.ID)
	}
	containers, err := containersOf(r)
	r.Got(err, fields...)
	for _, row := range containers {
		if !slices.Contains([]string{"insights-activity-logs", "insights-operational-logs"}, strings.ToLower(row.Name)) { // today's name and the older one
			continue
		}
		var data containerData
		if !r.Got(scanners.Failed(readContainers, json.Unmarshal(row.Data, &data)), fields...) {
			continue
		}
		doc.HoldsActivityLog = true
		open := data.Properties.PublicAccess
		doc.ActivityLogPublic = doc.ActivityLogPublic || doc.Anonymous && open != "" && !strings.EqualFold(open, "None")
	}
}

// olderKey returns the age of the older key, in days. Keys of accounts that
// are older than the record of it have no time.
func olderKey(r *engine.Reading, keys ...*time.Time) int64 {
	var age int64
	for _, made := range keys {
		made := engine.Need(r, made, "key_age_days")
		age = max(age, r.Days(made))
	}
	return age
}

// readStorageNetwork reads who reaches the account's endpoint.
func readStorageNetwork(r *engine.Reading, access string, acls *networkACLs, doc *StorageAccount) {
	switch strings.ToLower(access) {
	case "disabled":
		doc.TrustedServices = true
		return
	case perimeterAccess:
		unreadPerimeter(r, "any_network", "trusted_services")
		return
	case "", "enabled": // absent: enabled, as the API documents
	default:
		r.Strange("public network access", "any_network")
	}
	rules := engine.Need(r, acls, "any_network", "trusted_services")
	doc.AnyNetwork = acls != nil && rules.open(r, "any_network")
	doc.TrustedServices = acls != nil && (doc.AnyNetwork || rules.bypasses("AzureServices"))
}

// readStorageCopies reads where the account's copies lie, by its SKU:
// Standard_LRS, Premium_ZRS, Standard_RAGZRS, StandardV2_GRS.
func readStorageCopies(r *engine.Reading, sku string, doc *StorageAccount) {
	_, copies, _ := strings.Cut(strings.ToUpper(sku), "_")
	if !slices.Contains([]string{"LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"}, copies) {
		r.Strange("SKU", "zone_redundant", "geo_redundant")
	}
	doc.ZoneRedundant = strings.HasSuffix(copies, "ZRS")
	doc.GeoRedundant = strings.Contains(copies, "G")
}

// BlobService is what rules may ask of the blobs of a storage account.
type BlobService struct {
	SoftDeleteDays          int64 `json:"soft_delete_days"`           // how long deleted blobs can be brought back; 0: not at all
	ContainerSoftDeleteDays int64 `json:"container_soft_delete_days"` // the same of containers
	Versioning              bool  `json:"versioning"`                 // overwritten blobs are kept
	PointInTimeRestore      bool  `json:"point_in_time_restore"`
	CanRestore              bool  `json:"can_restore"`   // accounts of its kind can have point-in-time restore
	CanVersion              bool  `json:"can_version"`   // accounts of its kind can keep versions; data lakes cannot
	CanDelete               bool  `json:"can_delete"`    // accounts of its kind can have lifecycle rules
	DeletesBlobs            bool  `json:"deletes_blobs"` // a lifecycle rule deletes blobs on schedule
	Managed                 bool  `json:"managed"`       // another service made the account and keeps it

	Unlogged []string `json:"unlogged"` // the services of the account, "blob", "queue", "table", that do not log all reads, writes and deletes
}

const readBlobServices = "Microsoft.Storage/storageAccounts/blobServices/read"

var blobServices = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Storage/storageAccounts/blobServices",
		Service: "storage",
		Doc:     BlobService{},
		Calls: []scanners.Call{{
			Op: readBlobServices, Each: true,
			For: []string{"soft_delete_days", "container_soft_delete_days", "versioning", "point_in_time_restore"},
		}, {Op: readLifecycle, Each: true, For: []string{"deletes_blobs"}}, diagnosticCall("unlogged")},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:   accountType,
	Get:  storageVersion,
	Read: readBlobService,
}

// readKind reads what accounts of a kind can have
// (learn.microsoft.com/azure/storage/blobs/versioning-overview). Those of the
// first generation have none of it, nor premium ones of the second, which hold
// page blobs.
func (d *BlobService) readKind(kind string, standard, lake bool) {
	d.CanDelete = kind == "BlobStorage" || kind == "BlockBlobStorage" || kind == "StorageV2" && standard
	d.CanVersion = d.CanDelete && !lake
	d.CanRestore = d.CanVersion && kind == "StorageV2"
}

// retention is for how long what was deleted is kept.
type retention struct {
	Enabled bool
	Days    int64
}

func (r retention) days() int64 {
	if !r.Enabled {
		return 0
	}
	return r.Days
}

func readBlobService(r *engine.Reading) any {
	var account struct {
		Kind       string
		SKU        struct{ Name string }
		Properties struct{ IsHNSEnabled bool }
	}
	r.Decode(&account)
	if account.Kind == "FileStorage" { // it has no blobs
		return nil
	}
	r.ID += "/blobservices/default"
	standard := !strings.HasPrefix(strings.ToLower(account.SKU.Name), "premium")
	doc := &BlobService{Managed: r.Managed()}
	doc.readKind(account.Kind, standard, account.Properties.IsHNSEnabled)
	if account.Kind == "" || account.SKU.Name == "" {
		r.Absent("read "+r.Type, "can_restore", "can_version", "can_delete")
	}
	all := []string{"blob"}
	if standard && (account.Kind == "StorageV2" || account.Kind == "Storage") {
		all = append(all, "queue", "table")
	}
	doc.Unlogged = unlogged(r, all)
	if doc.CanDelete {
		doc.DeletesBlobs = readDeletesBlobs(r)
	}
	fields := []string{"soft_delete_days", "container_soft_delete_days", "versioning", "point_in_time_restore"}
	if !r.Wants(fields...) {
		return doc
	}
	var data struct {
		Properties *struct {
			DeleteRetentionPolicy          *retention // always there
			ContainerDeleteRetentionPolicy retention  // absent: it was never on, and so of those below
			RestorePolicy                  retention
			IsVersioningEnabled            bool
		}
	}
	err := r.Fetch(readBlobServices, "/blobServices/default", storageVersion, &data)
	if r.Got(err, fields...) {
		if p := engine.Need(r, data.Properties, fields...); data.Properties != nil {
			doc.SoftDeleteDays = engine.Need(r, p.DeleteRetentionPolicy, "soft_delete_days").days()
			doc.ContainerSoftDeleteDays = p.ContainerDeleteRetentionPolicy.days()
			doc.Versioning, doc.PointInTimeRestore = p.IsVersioningEnabled, p.RestorePolicy.Enabled
		}
	}
	return doc
}
