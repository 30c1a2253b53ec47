package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// RedisCache is what rules may ask of an Azure Cache for Redis or an Azure
// Managed Redis.
type RedisCache struct {
	Tier           string `json:"tier"`             // "Basic", "Standard", "Premium"; of the others the SKU: "Enterprise_E10", "Balanced_B5"
	PlainPort      bool   `json:"plain_port"`       // connections without TLS are accepted
	MinTLS         string `json:"min_tls"`          // the oldest version that is accepted: "1.0", "1.2"
	Replicated     bool   `json:"replicated"`       // a replica takes over
	ZoneRedundant  bool   `json:"zone_redundant"`   // its nodes lie in several zones
	RegionHasZones bool   `json:"region_has_zones"` // its region has availability zones
	Enterprise     bool   `json:"enterprise"`       // an Azure Managed Redis, or of the Enterprise tiers
	Managed        bool   `json:"managed"`          // another service made it and keeps it
}

const (
	redisEnterpriseType      = "Microsoft.Cache/redisEnterprise"
	readRedisEnterpriseBases = redisEnterpriseType + "/databases/read"
)

var redisCaches = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Cache/redis",
		Service: "redis",
		Doc:     RedisCache{},
		Calls: []scanners.Call{
			zonesCall("region_has_zones"),
			{Op: readRedisEnterpriseBases, Each: true, For: []string{"plain_port"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also:    []string{redisEnterpriseType},
	Get:     "2024-11-01",
	AlsoGet: map[string]string{redisEnterpriseType: "2025-04-01"},
	Read:    readRedisCache,
}

func readRedisCache(r *engine.Reading) any {
	doc := &RedisCache{Managed: r.Managed(), Enterprise: strings.EqualFold(r.Row.Type, redisEnterpriseType)}
	doc.RegionHasZones = hasZones(r, "region_has_zones")
	if doc.Enterprise {
		readRedisEnterprise(r, doc)
	} else {
		readRedis(r, doc)
	}
	return doc
}

// readRedis reads a cache of the tiers Basic, Standard and Premium
// (learn.microsoft.com/rest/api/redis/redis/get).
func readRedis(r *engine.Reading, doc *RedisCache) {
	var data struct {
		Zones      []string
		Properties struct {
			SKU                   *struct{ Name string }
			EnableNonSSLPort      *bool
			MinimumTLSVersion     string
			ZonalAllocationPolicy string
		}
	}
	r.Decode(&data)
	p := data.Properties
	doc.Tier = engine.Need(r, p.SKU, "tier", "replicated").Name
	switch strings.ToLower(doc.Tier) {
	case "standard", "premium":
		doc.Replicated = true
	case "basic":
	case "":
		r.Absent("read "+r.Type, "tier", "replicated")
	default:
		r.Strange("tier", "replicated")
	}
	doc.PlainPort = engine.Need(r, p.EnableNonSSLPort, "plain_port")
	doc.MinTLS = tlsVersion(r, p.MinimumTLSVersion, "", "min_tls")
	switch strings.ToLower(p.ZonalAllocationPolicy) {
	case "automatic":
		doc.ZoneRedundant = true
	case "userdefined", "nozones":
		doc.ZoneRedundant = len(data.Zones) > 1
	case "":
		if doc.ZoneRedundant = len(data.Zones) > 1; !doc.ZoneRedundant {
			r.Absent("read "+r.Type, "zone_redundant")
		}
	default:
		r.Strange("allocation of zones", "zone_redundant")
	}
}

// readRedisEnterprise reads an Azure Managed Redis, or a cache of the tiers
// Enterprise and Enterprise Flash
// (learn.microsoft.com/rest/api/redis/redisenterprisecache/redis-enterprise/get).
func readRedisEnterprise(r *engine.Reading, doc *RedisCache) {
	var data struct {
		SKU        *struct{ Name string }
		Zones      []string
		Properties struct {
			MinimumTLSVersion string
			HighAvailability  string // absent: on, as the API documents
			RedundancyMode    string
		}
	}
	r.Decode(&data)
	p := data.Properties
	doc.Tier = engine.Need(r, data.SKU, "tier").Name
	doc.MinTLS = tlsVersion(r, p.MinimumTLSVersion, "", "min_tls")
	switch strings.ToLower(p.HighAvailability) {
	case "", "enabled":
		doc.Replicated = true
	case "disabled":
	default:
		r.Strange("high availability", "replicated")
	}
	doc.ZoneRedundant = len(data.Zones) > 1 || strings.EqualFold(p.RedundancyMode, "ZR")
	switch strings.ToLower(p.RedundancyMode) {
	case "zr", "lr", "none":
	case "":
		if !doc.ZoneRedundant {
			r.Absent("read "+r.Type, "zone_redundant")
		}
	default:
		r.Strange("redundancy mode", "zone_redundant")
	}
	readRedisEnterpriseDatabases(r, doc)
}

// readRedisEnterpriseDatabases reads which protocol the databases speak.
func readRedisEnterpriseDatabases(r *engine.Reading, doc *RedisCache) {
	if !r.Wants("plain_port") {
		return
	}
	type database struct {
		Properties struct{ ClientProtocol *string }
	}
	all, err := engine.FetchAll[database](r, readRedisEnterpriseBases, "/databases", "2024-10-01")
	r.Got(err, "plain_port")
	for _, d := range all {
		switch protocol := engine.Need(r, d.Properties.ClientProtocol, "plain_port"); {
		case strings.EqualFold(protocol, "Plaintext"):
			doc.PlainPort = true
		case protocol != "" && !strings.EqualFold(protocol, "Encrypted"):
			r.Strange("protocol", "plain_port")
		}
	}
}
