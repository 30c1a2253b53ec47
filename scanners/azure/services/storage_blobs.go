package services

import (
	"errors"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// storageVersion is of the API of storage accounts and their services.
const storageVersion = "2024-01-01"

// dataOperations are the logs of a storage service.
var dataOperations = []string{"StorageRead", "StorageWrite", "StorageDelete"}

// unlogged returns those of an account's services that do not log all reads,
// writes and deletes.
func unlogged(r *engine.Reading, services []string) []string {
	if !r.Wants("unlogged") {
		return nil
	}
	var names []string
	for _, name := range services {
		if !sends(diagnosticSettings(r, "/"+name+"Services/default", "unlogged"), dataOperations, "audit") {
			names = append(names, name)
		}
	}
	return names
}

const readLifecycle = "Microsoft.Storage/storageAccounts/managementPolicies/read"

// readDeletesBlobs reports whether a lifecycle rule of the account deletes
// blobs. An account that never had a rule has no policy at all.
func readDeletesBlobs(r *engine.Reading) bool {
	if !r.Wants("deletes_blobs") {
		return false
	}
	// learn.microsoft.com/rest/api/storagerp/management-policies/get
	var data struct {
		Properties *struct {
			Policy struct {
				Rules []struct {
					Enabled    *bool // absent: on
					Definition struct {
						Actions struct{ BaseBlob struct{ Delete *struct{} } }
					}
				}
			}
		}
	}
	err := r.Fetch(readLifecycle, "/managementPolicies/default", storageVersion, &data)
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.ErrorCode == "ManagementPolicyNotFound" || !r.Got(err, "deletes_blobs") {
		return false
	}
	p := engine.Need(r, data.Properties, "deletes_blobs")
	for _, rule := range p.Policy.Rules {
		if unlessOff(rule.Enabled) && rule.Definition.Actions.BaseBlob.Delete != nil {
			return true
		}
	}
	return false
}

// BlobContainer is what rules may ask of a container of blobs.
type BlobContainer struct {
	Immutable    bool `json:"immutable"`     // a locked policy or a legal hold keeps its blobs from being changed and deleted
	Unlocked     bool `json:"unlocked"`      // a policy does so that can still be taken away
	PlatformLogs bool `json:"platform_logs"` // Azure writes logs into it
}

var immutableFields = []string{"immutable", "unlocked"}

const readContainers = "Microsoft.Storage/storageAccounts/blobServices/containers/read"

var blobContainers = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Storage/storageAccounts/blobServices/containers",
		Service: "storage",
		Doc:     BlobContainer{},
		Calls:   []scanners.Call{{Op: readContainers, Each: true}},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    accountType,
	NoGet: readDirectly,
	Joins: []engine.Join{{Type: accountType, For: immutableFields}},
	Parts: immutableContainers,
	Read:  readBlobContainer,
}

// containerData is a container as its account lists it
// (learn.microsoft.com/rest/api/storagerp/blob-containers/list).
type containerData struct {
	Properties struct {
		PublicAccess          string
		HasLegalHold          *bool
		HasImmutabilityPolicy *bool
		ImmutabilityPolicy    struct{ Properties struct{ State string } }
	}
}

// containersOf lists the containers of an account once.
func containersOf(r *engine.Reading) ([]*engine.Row, error) {
	return engine.Once(r, "containers of "+r.Row.ID, func() ([]*engine.Row, error) {
		return engine.FetchRows(r, readContainers, "/blobServices/default/containers", storageVersion)
	})
}

// immutableContainers lists the containers that can have a policy: those of
// accounts without NFS and SFTP
// (learn.microsoft.com/azure/storage/blobs/immutable-storage-overview).
func immutableContainers(r *engine.Reading) ([]*engine.Row, error) {
	var account struct {
		Kind       string
		Properties struct{ IsNFSV3Enabled, IsSftpEnabled bool }
	}
	r.Decode(&account)
	if account.Kind == "FileStorage" || account.Properties.IsNFSV3Enabled || account.Properties.IsSftpEnabled || r.Managed() {
		return nil, nil
	}
	return containersOf(r)
}

func readBlobContainer(r *engine.Reading) any {
	var data containerData
	r.Decode(&data)
	p := data.Properties
	doc := &BlobContainer{PlatformLogs: strings.HasPrefix(r.Name, "insights-") || strings.EqualFold(r.Name, "$logs")}
	doc.Immutable = engine.Need(r, p.HasLegalHold, immutableFields...)
	if engine.Need(r, p.HasImmutabilityPolicy, immutableFields...) {
		doc.readPolicy(r, p.ImmutabilityPolicy.Properties.State)
	}
	if doc.Immutable {
		return doc
	}
	account, _, _ := strings.Cut(r.Row.ID, "/blobservices/")
	for _, a := range engine.Pointing[immutableAccount](r, accountType, account, immutableFields...) {
		if all := a.Data.Properties.ImmutableStorageWithVersioning; all.Enabled && all.ImmutabilityPolicy != nil {
			doc.readPolicy(r, all.ImmutabilityPolicy.State)
		}
	}
	return doc
}

// readPolicy reads the state of an immutability policy, of the container or of
// its whole account.
func (c *BlobContainer) readPolicy(r *engine.Reading, state string) {
	switch strings.ToLower(state) {
	case "locked":
		c.Immutable = true
	case "unlocked":
		c.Unlocked = true
	case "disabled": // of an account: it may still be changed in any way
	default:
		r.Strange("immutability policy", immutableFields...)
	}
}

// immutableAccount is an account with its policy for all versions of blobs
// (learn.microsoft.com/azure/storage/blobs/immutable-version-level-worm-policies).
type immutableAccount struct {
	ID         string
	Properties struct {
		ImmutableStorageWithVersioning struct {
			Enabled            bool
			ImmutabilityPolicy *struct{ State string } // absent: blobs may have one of their own
		}
	}
}

// PointsTo implements engine.Pointer: it finds an account by its id.
func (a immutableAccount) PointsTo() []string { return []string{a.ID} }
