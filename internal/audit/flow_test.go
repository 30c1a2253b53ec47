package audit_test

import (
	"testing"

	"posture/internal/snapshot"
)

func TestChangesAreToldOnce(t *testing.T) {
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:old", bucket{})
	s.expect(t, "baseline 1")
	s.expect(t)
	s.cloud.put("1", "arn:bucket:main", bucket{})
	s.cloud.put("2", "arn:bucket:new", bucket{Encrypted: true, Public: true})
	s.cloud.put("2", "arn:gate:new", gate{Open: true})
	s.expect(t, "appeared "+private+" 2/arn:bucket:new", "regressed "+encrypted+" 1/arn:bucket:main")
	s.expect(t)
	s.cloud.put("1", "arn:bucket:main", bucket{Encrypted: true})
	s.cloud.remove("2", "arn:bucket:new")
	published := s.expect(t, "deleted:deleted "+private+" 2/arn:bucket:new", "resolved:fixed "+encrypted+" 1/arn:bucket:main")
	if published.Manifest.Outcome != snapshot.Complete || published.Manifest.Sequence != 5 || published.Manifest.Coverage.Share() != 1 {
		t.Errorf("manifest %+v", published.Manifest)
	}
	s.sound(t)
}
