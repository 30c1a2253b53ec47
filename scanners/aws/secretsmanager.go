package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"posture/internal/posture"
)

// Secret is what rules may ask of a secret of Secrets Manager. Its value is
// never read.
type Secret struct {
	RotationEnabled bool      `json:"rotation_enabled"` // Secrets Manager rotates it
	NextRotation    time.Time `json:"next_rotation"`    // latest time of the next rotation; past when rotations fail, zero without rotation
	LastRotated     time.Time `json:"last_rotated"`     // zero if never
	LastChanged     time.Time `json:"last_changed"`     // when value or settings last changed
	LastUsed        time.Time `json:"last_used"`        // day of the last use; when it was created, if never used
	KMSKey          string    `json:"kms_key"`          // ARN, id or alias of a key of the account; empty for aws/secretsmanager
	OwningService   string    `json:"owning_service"`   // AWS service that made and manages it; empty for the account's own
	Public          bool      `json:"public"`           // its resource policy lets anyone in
}

var secrets = scanner{
	Type: "AWS::SecretsManager::Secret",
	Doc:  Secret{},
	Calls: []call{
		{Op: "secretsmanager:ListSecrets"},
		{Op: "secretsmanager:GetResourcePolicy", Each: true, For: []string{"public"}},
	},
	Scan: scanSecrets,
}

func secretsClient(p *place) *secretsmanager.Client {
	return client(p, func(cfg aws.Config) *secretsmanager.Client { return secretsmanager.NewFromConfig(cfg) })
}

func scanSecrets(ctx context.Context, p *place) error {
	pages := secretsmanager.NewListSecretsPaginator(secretsClient(p), &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)})
	return eachPage(ctx, pages, func(page *secretsmanager.ListSecretsOutput) error {
		return each(ctx, p, page.SecretList, p.readSecret)
	})
}

func (p *place) readSecret(ctx context.Context, secret types.SecretListEntry) {
	doc := Secret{
		RotationEnabled: aws.ToBool(secret.RotationEnabled),
		NextRotation:    aws.ToTime(secret.NextRotationDate),
		LastRotated:     aws.ToTime(secret.LastRotatedDate),
		LastChanged:     aws.ToTime(secret.LastChangedDate),
		LastUsed:        aws.ToTime(secret.LastAccessedDate),
		KMSKey:          aws.ToString(secret.KmsKeyId),
		OwningService:   aws.ToString(secret.OwningService),
	}
	if doc.LastUsed.IsZero() {
		doc.LastUsed = aws.ToTime(secret.CreatedDate)
	}
	r := p.read()
	if doc.RotationEnabled && doc.NextRotation.IsZero() {
		r.Mark(posture.Cause{Reason: posture.Failed, Operation: "secretsmanager:ListSecrets"}, "next_rotation")
	}
	if r.Wants("public") {
		out, err := secretsClient(p).GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: secret.ARN})
		if r.Got(err, "public") {
			doc.Public = r.public(aws.ToString(out.ResourcePolicy), "public")
		}
	}
	tags := tagMap(secret.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.emit(aws.ToString(secret.ARN), aws.ToString(secret.Name), tags, &doc)
}
