package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

// BackupVault is what rules may ask of an AWS Backup vault.
type BackupVault struct {
	KMSKey           string `json:"kms_key"`            // ARN of the KMS key that encrypts recovery points; empty for a key of AWS
	Locked           bool   `json:"locked"`             // Vault Lock refuses deletion before the retention ends
	DeletionDenied   bool   `json:"deletion_denied"`    // the access policy denies everyone backup:DeleteRecoveryPoint
	MinRetentionDays int    `json:"min_retention_days"` // the lock's shortest retention; 0 without one
	RecoveryPoints   int    `json:"recovery_points"`    // recovery points in the vault
}

var backupVaults = scanner{
	Type: "AWS::Backup::BackupVault",
	Doc:  BackupVault{},
	Calls: []call{
		{Op: "backup:ListBackupVaults"},
		{Op: "backup:GetBackupVaultAccessPolicy", Each: true, For: []string{"deletion_denied"}},
	},
	Scan: scanBackupVaults,
}

func scanBackupVaults(ctx context.Context, p *place) error {
	pages := backup.NewListBackupVaultsPaginator(backupClient(p), &backup.ListBackupVaultsInput{MaxResults: aws.Int32(1000)})
	return eachPage(ctx, pages, func(page *backup.ListBackupVaultsOutput) error {
		return each(ctx, p, page.BackupVaultList, p.readBackupVault)
	})
}

func (p *place) readBackupVault(ctx context.Context, vault types.BackupVaultListMember) {
	doc := BackupVault{
		KMSKey:           aws.ToString(vault.EncryptionKeyArn),
		Locked:           aws.ToBool(vault.Locked),
		MinRetentionDays: int(aws.ToInt64(vault.MinRetentionDays)),
		RecoveryPoints:   int(vault.NumberOfRecoveryPoints),
	}
	r := p.read()
	if r.Wants("deletion_denied") {
		out, err := backupClient(p).GetBackupVaultAccessPolicy(ctx,
			&backup.GetBackupVaultAccessPolicyInput{BackupVaultName: vault.BackupVaultName})
		err = notConfigured(err, "ResourceNotFoundException")
		if r.Got(err, "deletion_denied") && out != nil {
			r.readVaultPolicy(aws.ToString(out.Policy), &doc)
		}
	}
	r.emit(aws.ToString(vault.BackupVaultArn), aws.ToString(vault.BackupVaultName), nil, &doc)
}

// readVaultPolicy looks for the statement that keeps everyone, administrators
// included, from deleting recovery points by hand.
func (r *reading) readVaultPolicy(text string, doc *BackupVault) {
	policy, ok := r.policy(text, "deletion_denied")
	if !ok {
		return
	}
	for _, s := range policy.Statements {
		if !s.Allow && s.admitsAnyone() && len(s.Condition) == 0 && matchesAny(s.Resource, "*") &&
			matchesAny(s.Action, "backup:deleterecoverypoint") {
			doc.DeletionDenied = true
		}
	}
}
