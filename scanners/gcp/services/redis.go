package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// RedisInstance is what rules may ask of an instance of Memorystore for Redis.
type RedisInstance struct {
	RequiresAuth bool `json:"requires_auth"` // clients need its AUTH string
	TLS          bool `json:"tls"`           // clients connect with TLS, or not at all
	Replicated   bool `json:"replicated"`    // of the Standard tier: a replica in another zone takes over
}

var redisInstances = engine.Service{
	Type: scanners.Type{
		Name:    "redis.googleapis.com/Instance",
		Doc:     RedisInstance{},
		Console: scanners.Console{Path: "/memorystore/redis/locations/{locations}/instances/{instances}/details/overview?project={project}"},
	},
	Versions: []string{"v1", "v1beta1"},
	Get: []engine.Get{{
		Op: "redis.instances.get", Permission: "redis.instances.get", Root: "https://redis.googleapis.com/v1/", Version: "v1",
	}},
	Read: readRedisInstance,
}

// redisData is what is read of an instance (redis.instances.get). AUTH and TLS
// are off where they are missing.
type redisData struct {
	engine.Labelled
	AuthEnabled    bool    `gives:"requires_auth"`
	EncryptionMode string  `json:"transitEncryptionMode" gives:"tls"` // SERVER_AUTHENTICATION or DISABLED
	Tier           *string `gives:"replicated"`                       // BASIC or STANDARD_HA, which has at least one replica
}

func readRedisInstance(_ context.Context, r *engine.Reading) any {
	var data redisData
	r.Decode(&data)
	return &RedisInstance{
		RequiresAuth: data.AuthEnabled, TLS: data.EncryptionMode == "SERVER_AUTHENTICATION",
		Replicated: engine.Need(r, data.Tier, "replicated") == "STANDARD_HA",
	}
}
