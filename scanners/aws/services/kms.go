package services

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// KMSKey is what rules may ask of a key that the customer manages. Keys that
// AWS services manage are not emitted: nobody can change them.
type KMSKey struct {
	State            string   `json:"state"`              // Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Unavailable and passing states
	PendingDeletion  bool     `json:"pending_deletion"`   // scheduled for deletion
	Rotatable        bool     `json:"rotatable"`          // rotation is set on it: symmetric, its material made by KMS, in KMS's own store, no replica of another region's key, Enabled or Disabled
	Rotation         bool     `json:"rotation"`           // rotates automatically; false for what is not rotatable
	PublicByAnalyzer bool     `json:"public_by_analyzer"` // IAM Access Analyzer has an active finding that it is public
	PolicyPublic     bool     `json:"policy_public"`      // the key policy admits anybody
	PublicBy         []string `json:"public_by"`          // the statements of the policy that do so: by Sid or number, and why
}

var kmsKeys = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::KMS::Key",
		Service: "kms",
		Doc:     KMSKey{},
		Calls: append(analyzerCalls(),
			scanners.Call{Op: "kms:ListKeys"},
			scanners.Call{Op: "kms:ListAliases"},
			scanners.Call{Op: "kms:DescribeKey", Each: true, For: []string{"state", "pending_deletion", "rotatable", "rotation"}},
			scanners.Call{Op: "kms:GetKeyRotationStatus", Each: true, For: []string{"rotation"}},
			scanners.Call{Op: "kms:GetKeyPolicy", Each: true, For: []string{"policy_public", "public_by"}},
			scanners.Call{Op: "kms:ListResourceTags", Each: true, For: []string{"tags"}},
		),
		Console: scanners.Console{Path: "/kms/home?region={region}#/kms/keys/{last}"},
	},
	Scan: scanKMSKeys,
}

func kmsClient(p *engine.Place) *kms.Client { return engine.Client(p, kms.NewFromConfig) }

func scanKMSKeys(ctx context.Context, p *engine.Place) error {
	pages := kms.NewListKeysPaginator(kmsClient(p), &kms.ListKeysInput{Limit: aws.Int32(1000)})
	keys, listErr := engine.ListAll(ctx, pages, func(page *kms.ListKeysOutput) []types.KeyListEntry { return page.Keys })
	if len(keys) == 0 {
		return listErr
	}
	names, unnamed := kmsAliases(ctx, p)
	err := engine.Each(ctx, p, keys, func(ctx context.Context, p *engine.Place, key types.KeyListEntry) {
		readKMSKey(ctx, p, key, keyName{names[aws.ToString(key.KeyId)], unnamed})
	})
	return cmp.Or(listErr, err)
}

// keyName is what a key is called, and why that may be something else.
type keyName struct {
	alias  string // without its prefix; "": none was listed
	unread error  // with which the listing of aliases ended
}

// kmsAliases returns aliases without their prefix, by key id: the first of each
// key by its letters. They serve as names, and spare a call for each key that
// AWS manages ("aws/s3"). With an error come those that were listed before it.
func kmsAliases(ctx context.Context, p *engine.Place) (map[string]string, error) {
	aliases, err := kmsAliasList(ctx, p)
	names := map[string]string{}
	for _, alias := range aliases {
		id, name := aws.ToString(alias.TargetKeyId), strings.TrimPrefix(aws.ToString(alias.AliasName), "alias/")
		if names[id] == "" || name < names[id] {
			names[id] = name
		}
	}
	return names, err
}

var errOddKey error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "key", Text: "the key's name is neither an ARN nor an alias"}

var errNoKey error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer describes no key"}

// kmsReading is one key being read.
type kmsReading struct {
	*engine.Reading
	client *kms.Client
	id     *string
	arn    string
	doc    KMSKey
}

func readKMSKey(ctx context.Context, p *engine.Place, entry types.KeyListEntry, name keyName) {
	if strings.HasPrefix(name.alias, "aws/") {
		return // customers cannot make aliases of this kind
	}
	k := &kmsReading{Reading: p.Read(), client: kmsClient(p), id: entry.KeyId, arn: aws.ToString(entry.KeyArn)}
	out, err := k.client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.id})
	if err == nil && out.KeyMetadata == nil {
		err = engine.Malformed("kms:DescribeKey", errNoKey)
	}
	if k.Got(err, "state", "pending_deletion", "rotatable", "rotation") {
		if out.KeyMetadata.KeyManager == types.KeyManagerTypeAws {
			return
		}
		k.readMetadata(ctx, *out.KeyMetadata)
	}
	ours := k.readKeyPolicy(ctx)
	k.doc.PolicyPublic, k.doc.PublicBy = ours.open, ours.by
	k.doc.PublicByAnalyzer = readByAnalyzer(ctx, k.Reading, k.arn, ours, "policy_public")
	k.Got(name.unread, posture.FieldName)
	k.Emit(k.arn, cmp.Or(name.alias, aws.ToString(entry.KeyId)), k.readKeyTags(ctx), &k.doc)
}

// readMetadata keeps what DescribeKey told and asks for rotation where there
// can be any.
func (k *kmsReading) readMetadata(ctx context.Context, key types.KeyMetadata) {
	const op = "kms:DescribeKey"
	k.doc.State = string(choice(k.Reading, key.KeyState, op, "state", "pending_deletion", "rotatable"))
	k.Got(cmp.Or(answered(key.KeySpec, op), answered(key.Origin, op)), "rotatable")
	k.doc.PendingDeletion = key.KeyState == types.KeyStatePendingDeletion || key.KeyState == types.KeyStatePendingReplicaDeletion
	k.doc.Rotatable = key.KeySpec == types.KeySpecSymmetricDefault && key.Origin == types.OriginTypeAwsKms &&
		key.CustomKeyStoreId == nil && !isReplicaKey(key) && (key.KeyState == types.KeyStateEnabled || key.KeyState == types.KeyStateDisabled)
	if !k.doc.Rotatable || !k.Wants("rotation") {
		return
	}
	out, err := k.client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: k.id})
	if k.Got(err, "rotation") {
		k.doc.Rotation = out.KeyRotationEnabled
	}
}

// isReplicaKey reports whether a multi-Region key is a replica: it rotates with
// its primary, where alone that is set.
func isReplicaKey(key types.KeyMetadata) bool {
	return key.MultiRegionConfiguration != nil && key.MultiRegionConfiguration.MultiRegionKeyType == types.MultiRegionKeyTypeReplica
}

func (k *kmsReading) readKeyPolicy(ctx context.Context) entry {
	if !k.Wants("policy_public", "public_by") {
		return entry{}
	}
	out, err := k.client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: k.id, PolicyName: aws.String("default")})
	if !k.Got(err, "policy_public", "public_by") {
		return entry{}
	}
	return readPublic(ctx, k.Reading, aws.ToString(out.Policy), from("kms:GetKeyPolicy", "policy_public", "public_by"), iampolicy.Ask{Service: "kms", Resource: k.arn})
}

func (k *kmsReading) readKeyTags(ctx context.Context) map[string]string {
	if !k.Wants("tags") {
		return nil
	}
	pages := kms.NewListResourceTagsPaginator(k.client, &kms.ListResourceTagsInput{KeyId: k.id, Limit: aws.Int32(50)})
	tags, err := engine.ListAll(ctx, pages, func(page *kms.ListResourceTagsOutput) []types.Tag { return page.Tags })
	if !k.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(tag types.Tag) (key, value *string) { return tag.TagKey, tag.TagValue })
}
