package services

import "testing"

func TestRedis(t *testing.T) {
	const typ = "Microsoft.Cache/redis"
	lacks, odd := lackingOf(typ), strangeOf(typ)
	serviceTest{
		data:  "redis",
		types: []string{typ},
		want: map[string]any{
			"redis good":         &RedisCache{Tier: "Premium", MinTLS: "1.2", Replicated: true, ZoneRedundant: true, RegionHasZones: true},
			"redis automatic":    &RedisCache{Tier: "Standard", MinTLS: "1.2", Replicated: true, ZoneRedundant: true, RegionHasZones: true},
			"redis bad":          &RedisCache{Tier: "Basic", PlainPort: true, MinTLS: "1.0", RegionHasZones: true},
			"redis noregion":     &RedisCache{Tier: "Standard", MinTLS: "1.2", Replicated: true},
			"redis odd":          &RedisCache{Tier: "Ultra", MinTLS: "1.2"},
			"redis bare":         &RedisCache{RegionHasZones: true},
			"redis managedredis": &RedisCache{Tier: "Balanced_B5", MinTLS: "1.2", Replicated: true, ZoneRedundant: true, RegionHasZones: true, Enterprise: true},
			"redis single":       &RedisCache{Tier: "Balanced_B0", PlainPort: true, MinTLS: "1.2", RegionHasZones: true, Enterprise: true},
			"redis enterprise":   &RedisCache{Tier: "Enterprise_E10", MinTLS: "1.2", Replicated: true, ZoneRedundant: true, RegionHasZones: true, Enterprise: true},
			"redis oldmanaged":   &RedisCache{Tier: "Enterprise_E10", MinTLS: "1.2", Replicated: true, RegionHasZones: true, Enterprise: true},
		},
		unread: map[string][]string{
			"redis odd": {odd("allocation of zones", "zone_redundant"), odd("region", "region_has_zones"), odd("tier", "replicated")},
			"redis bare": {
				lacks("min_tls"), lacks("plain_port"), lacks("replicated"), lacks("tier"), lacks("zone_redundant"),
			},
			"redis oldmanaged": {lacks("plain_port"), lacks("zone_redundant")},
		},
	}.run(t)
}
