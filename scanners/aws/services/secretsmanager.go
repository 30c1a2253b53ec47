package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// Secret is what rules may ask of a secret of Secrets Manager. Its value is
// never read.
type Secret struct {
	RotationEnabled  bool      `json:"rotation_enabled"`   // Secrets Manager rotates it
	NextRotation     time.Time `json:"next_rotation"`      // latest time of the next rotation; past when rotations fail, zero without rotation
	LastRotated      time.Time `json:"last_rotated"`       // zero if never
	LastChanged      time.Time `json:"last_changed"`       // when value or settings last changed
	LastUsed         time.Time `json:"last_used"`          // day of the last use; when it was created, if never used
	KMSKey           string    `json:"kms_key"`            // ARN, id or alias of a key of the account; empty for aws/secretsmanager
	OwningService    string    `json:"owning_service"`     // AWS service that made and manages it; empty for the account's own
	Replica          bool      `json:"replica"`            // a copy of a secret of another region, which alone can be changed
	PublicByAnalyzer bool      `json:"public_by_analyzer"` // IAM Access Analyzer has an active finding that it is public
	Public           bool      `json:"public"`             // its resource policy lets anyone in
	PublicBy         []string  `json:"public_by"`          // the statements of the policy that do so: by Sid or number, and why
}

var secrets = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SecretsManager::Secret",
		Service: "secretsmanager",
		Doc:     Secret{},
		Calls: append(analyzerCalls(),
			scanners.Call{Op: "secretsmanager:ListSecrets"},
			scanners.Call{Op: "secretsmanager:GetResourcePolicy", Each: true, For: []string{"public", "public_by"}},
		),
		Console: scanners.Console{Path: "/secretsmanager/secret?name={name}&region={region}"},
	},
	Scan: scanSecrets,
}

func secretsClient(p *engine.Place) *secretsmanager.Client {
	return engine.Client(p, secretsmanager.NewFromConfig)
}

func scanSecrets(ctx context.Context, p *engine.Place) error {
	pages := secretsmanager.NewListSecretsPaginator(secretsClient(p), &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *secretsmanager.ListSecretsOutput) []types.SecretListEntry { return page.SecretList }, readSecret)
}

func readSecret(ctx context.Context, p *engine.Place, secret types.SecretListEntry) {
	doc := Secret{
		RotationEnabled: aws.ToBool(secret.RotationEnabled),
		NextRotation:    aws.ToTime(secret.NextRotationDate),
		LastRotated:     aws.ToTime(secret.LastRotatedDate),
		LastChanged:     aws.ToTime(secret.LastChangedDate),
		LastUsed:        aws.ToTime(secret.LastAccessedDate),
		KMSKey:          aws.ToString(secret.KmsKeyId),
		OwningService:   aws.ToString(secret.OwningService),
	}
	primary := aws.ToString(secret.PrimaryRegion)
	doc.Replica = primary != "" && primary != p.Region
	if doc.LastUsed.IsZero() {
		doc.LastUsed = aws.ToTime(secret.CreatedDate)
	}
	r := p.Read()
	if doc.LastUsed.IsZero() {
		r.Absent("secretsmanager:ListSecrets", "last_used")
	}
	if doc.RotationEnabled && doc.NextRotation.IsZero() {
		r.Absent("secretsmanager:ListSecrets", "next_rotation")
	}
	var ours entry
	if r.Wants("public", "public_by") {
		out, err := secretsClient(p).GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: secret.ARN})
		if r.Got(err, "public", "public_by") && aws.ToString(out.ResourcePolicy) != "" {
			ours = readPublic(ctx, r, aws.ToString(out.ResourcePolicy), from("secretsmanager:GetResourcePolicy", "public", "public_by"),
				iampolicy.Ask{Service: "secretsmanager", Resource: aws.ToString(secret.ARN)})
		}
	}
	doc.Public, doc.PublicBy = ours.open, ours.by
	doc.PublicByAnalyzer = readByAnalyzer(ctx, r, aws.ToString(secret.ARN), ours, "public")
	tags := engine.Tags(secret.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(secret.ARN), aws.ToString(secret.Name), tags, &doc)
}
