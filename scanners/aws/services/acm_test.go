package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestACMCertificates(t *testing.T) {
	const list, tagged, arn = "acm:ListCertificates", "acm:ListTagsForCertificate", "arn:aws:acm:us-east-1:111122223333:certificate/"
	certificate := func(id, name string, doc ACMCertificate, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + id, Name: name, Doc: &doc, Unread: unread}
	}
	year := time.Unix(1800000000, 0).UTC()
	shop := certificate("1", "shop.example.com", ACMCertificate{Status: "ISSUED", Kind: "AMAZON_ISSUED", KeyAlgorithm: "EC_prime256v1", InUse: true, Expires: year})
	shop.Tags = map[string]string{"owner": "shop"}
	old := certificate("2", "old.example.com", ACMCertificate{Status: "EXPIRED", Kind: "IMPORTED", KeyAlgorithm: "RSA_1024", Expires: time.Unix(1700000000, 0).UTC()})
	pending := certificate("3", "new.example.com", ACMCertificate{Status: "PENDING_VALIDATION", Kind: "AMAZON_ISSUED", KeyAlgorithm: "RSA_2048"})
	lent := certificate("4", "lent.example.com", ACMCertificate{Status: "ISSUED", Kind: "PRIVATE", KeyAlgorithm: "RSA_2048", InUse: true, Expires: year})
	testReading(t, "AWS::CertificateManager::Certificate", []readingTest{
		{name: "two pages", want: []posture.Resource{shop, old, pending, lent}},
		{name: "the answer does not say", sections: map[string]string{list + " NextToken=two": `{"CertificateSummaryList": [{"CertificateArn": "` + arn + `2", "DomainName": "old.example.com", "Status": "ISSUED"}]}`},
			want: []posture.Resource{shop, certificate("2", "old.example.com", ACMCertificate{Status: "ISSUED"}, unsaid(list, "kind", "key_algorithm", "in_use", "expires")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " CertificateArn=" + arn + "2 error=AccessDeniedException": ""},
			want: []posture.Resource{shop, certificate("2", "old.example.com", *old.Doc.(*ACMCertificate), refused(tagged, "AccessDeniedException", tagged, "tags")...), pending, lent}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{shop}, cause: brokenListing(list)},
	})
}

// TestACMCertificatesOfEveryKey: the listing is asked for all kinds of keys.
func TestACMCertificatesOfEveryKey(t *testing.T) {
	cloud := cloudOf(fixtures(t, nil))
	scanWant(t, serve(t, cloud), wantAll("AWS::CertificateManager::Certificate"))
	asked := map[string]bool{}
	for _, request := range cloud.Log() {
		for name, value := range request.Params {
			if request.Op() == "acm:ListCertificates" && name != "nexttoken" {
				asked[value] = true
			}
		}
	}
	for _, key := range []string{"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"} {
		if !asked[key] {
			t.Errorf("certificates with %s are not asked for: %v", key, asked)
		}
	}
}
