package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// BackupVault is what rules may ask of an AWS Backup vault.
type BackupVault struct {
	KMSKey           string     `json:"kms_key"`            // ARN of the KMS key that encrypts recovery points; empty for a key that AWS owns
	CustomerKey      bool       `json:"customer_key"`       // a customer manages that key; false for aws/backup
	Locked           bool       `json:"locked"`             // Vault Lock refuses deletion before the retention ends
	Compliance       bool       `json:"compliance"`         // the lock is in compliance mode, as that of an air-gapped vault always is; in governance mode it can be removed
	LockFinal        time.Time  `json:"lock_final"`         // until when a lock in compliance mode can be removed all the same
	DeletionDenied   bool       `json:"deletion_denied"`    // the access policy denies everyone to delete recovery points, by hand or by a shorter lifecycle, and to change the policy
	MinRetentionDays int        `json:"min_retention_days"` // the lock's shortest retention; 0 without one
	Public           bool       `json:"public"`             // the access policy lets in whoever has an AWS account
	PublicBy         []string   `json:"public_by"`          // the statements of the policy that do so: by Sid or number, and why
	OtherAccounts    []Admitted `json:"other_accounts"`     // ids of other accounts that the access policy lets in, sorted; "*" for any
	Organizations    []Admitted `json:"organizations"`      // ids of organizations that it lets in, its own account's too, sorted
	OwnOrganization  string     `json:"own_organization"`   // id of the organization that its account is in, where it lets in one
	RecoveryPoints   int        `json:"recovery_points"`    // recovery points in the vault
	PlainBackups     []string   `json:"plain_backups"`      // ARNs of what it got unencrypted recovery points of in the past week; ten at most are named
	RestoreAccess    bool       `json:"restore_access"`     // it only shows, for restores, an air-gapped vault of another account
}

var backupVaults = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Backup::BackupVault",
		Service: "backup",
		Doc:     BackupVault{},
		Calls: []scanners.Call{
			ownOrganizationCall("own_organization"),
			{Op: "backup:ListBackupVaults"},
			{Op: "kms:ListAliases", For: []string{"customer_key"}},
			{Op: "backup:GetBackupVaultAccessPolicy", Each: true, For: vaultPolicyFields},
			{Op: "backup:ListRecoveryPointsByBackupVault", Each: true, For: []string{"plain_backups"}},
		},
		Console: scanners.Console{Path: "/backup/home?region={region}#/backupvaults/details/{last}"},
	},
	Scan: scanBackupVaults,
}

func scanBackupVaults(ctx context.Context, p *engine.Place) error {
	pages := backup.NewListBackupVaultsPaginator(backupClient(p), &backup.ListBackupVaultsInput{MaxResults: aws.Int32(1000)})
	return engine.EachListed(ctx, p, pages, func(page *backup.ListBackupVaultsOutput) []types.BackupVaultListMember { return page.BackupVaultList }, readBackupVault)
}

func readBackupVault(ctx context.Context, p *engine.Place, vault types.BackupVaultListMember) {
	if !arnOwnedHere(p, vault.BackupVaultArn) {
		return // an air-gapped vault that another account shares
	}
	doc := BackupVault{
		MinRetentionDays: int(aws.ToInt64(vault.MinRetentionDays)),
		Locked:           aws.ToBool(vault.Locked),
		RecoveryPoints:   int(vault.NumberOfRecoveryPoints),
		Compliance:       vault.LockDate != nil || vault.VaultType == types.VaultTypeLogicallyAirGappedBackupVault,
		LockFinal:        aws.ToTime(vault.LockDate),
		RestoreAccess:    vault.VaultType == types.VaultTypeRestoreAccessBackupVault,
	}
	r := p.Read()
	if !keyOfAWS(vault) {
		doc.KMSKey = aws.ToString(vault.EncryptionKeyArn)
	}
	doc.CustomerKey = readCustomerKey(ctx, r, doc.KMSKey, "customer_key")
	if r.Wants(vaultPolicyFields...) {
		out, err := backupClient(p).GetBackupVaultAccessPolicy(ctx,
			&backup.GetBackupVaultAccessPolicyInput{BackupVaultName: vault.BackupVaultName})
		err = engine.NotConfigured(err, "ResourceNotFoundException")
		if r.Got(err, vaultPolicyFields...) && out != nil {
			doc.readPolicy(ctx, r, aws.ToString(out.Policy))
		}
	}
	readPlainBackups(ctx, r, vault, &doc)
	r.Emit(aws.ToString(vault.BackupVaultArn), aws.ToString(vault.BackupVaultName), nil, &doc)
}

// keyOfAWS reports whether a key that AWS owns encrypts the vault, as it does an
// air-gapped one unless a customer's key was named.
func keyOfAWS(vault types.BackupVaultListMember) bool {
	return vault.EncryptionKeyType == types.EncryptionKeyTypeAwsOwnedKmsKey ||
		vault.VaultType == types.VaultTypeLogicallyAirGappedBackupVault && vault.EncryptionKeyType == ""
}

// losingBackups holds the actions after which recovery points are gone, or may
// be deleted.
var losingBackups = []string{
	"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle",
	"backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy",
}

// vaultPolicyFields are the fields that a vault's access policy tells.
var vaultPolicyFields = append([]string{"deletion_denied"}, sharedFields...)

// readPolicy says whom the access policy lets in, and whether it keeps everyone,
// administrators included, from all of losingBackups.
func (doc *BackupVault) readPolicy(ctx context.Context, r *engine.Reading, text string) {
	ours := readShared(ctx, r, text, "backup:GetBackupVaultAccessPolicy", iampolicy.Ask{Service: "backup"})
	doc.Public, doc.PublicBy, doc.OtherAccounts = ours.open, ours.by, ours.accounts
	doc.Organizations, doc.OwnOrganization = ours.organizations, ours.ownOrganization
	policy, ok := readPolicy(r, text, from("backup:GetBackupVaultAccessPolicy", "deletion_denied"))
	denied := iampolicy.Denied(policy, iampolicy.Ask{Service: "backup", Actions: losingBackups, Account: r.Place.Account})
	doc.DeletionDenied = ok && len(denied) == len(losingBackups)
}
