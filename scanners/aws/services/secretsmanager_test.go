package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestSecrets(t *testing.T) {
	const op = "secretsmanager:GetResourcePolicy"
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	db := posture.Resource{ID: "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3", Name: "db", Tags: map[string]string{"owner": "shop"},
		Doc: &Secret{RotationEnabled: true, NextRotation: day(15), LastRotated: day(1), LastChanged: day(1), LastUsed: day(2), KMSKey: "alias/secrets"}}
	old := func(doc Secret, unread ...posture.Unread) posture.Resource {
		doc.OwningService, doc.LastUsed = "rds", time.Unix(1700000000, 0).UTC()
		return posture.Resource{ID: "arn:aws:secretsmanager:us-east-1:111122223333:secret:old-d4e5f6", Name: "old", Doc: &doc, Unread: unread}
	}
	testReading(t, "AWS::SecretsManager::Secret", []readingTest{
		{name: "two pages", want: []posture.Resource{db, old(Secret{Public: true, PublicBy: byStatement1})}},
		{name: "second page broken", sections: map[string]string{"secretsmanager:ListSecrets NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{db}, cause: brokenListing("secretsmanager:ListSecrets")},
		{name: "rotation without a date", sections: map[string]string{"secretsmanager:ListSecrets NextToken=two": `{"SecretList": [
			{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:old-d4e5f6", "Name": "old", "CreatedDate": 1700000000, "OwningService": "rds", "RotationEnabled": true}]}`},
			want: []posture.Resource{db, old(Secret{Public: true, PublicBy: byStatement1, RotationEnabled: true},
				posture.Unread{Field: "next_rotation", Cause: posture.Cause{Reason: posture.NotAnswered, Operation: "secretsmanager:ListSecrets", Field: "next_rotation"}})}},
		{name: "a copy, and a primary that has copies", sections: map[string]string{
			"secretsmanager:ListSecrets": `{"SecretList": [
				{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3", "Name": "db", "CreatedDate": 1700000000, "PrimaryRegion": "eu-west-1"},
				{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:old-d4e5f6", "Name": "old", "CreatedDate": 1700000000, "PrimaryRegion": "us-east-1", "OwningService": "rds"}]}`,
		}, want: []posture.Resource{
			{ID: db.ID, Name: "db", Doc: &Secret{Replica: true, LastUsed: time.Unix(1700000000, 0).UTC()}},
			old(Secret{Public: true, PublicBy: byStatement1}),
		}},
		{name: "policy refused", sections: map[string]string{op + " SecretId=arn:aws:secretsmanager:us-east-1:111122223333:secret:old-d4e5f6 error=AccessDeniedException": ""},
			want: []posture.Resource{db, old(Secret{}, refused(op, "AccessDeniedException", op, "public", "public_by")...)}},
	})
}
