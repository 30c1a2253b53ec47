package services

import (
	"testing"

	"google.golang.org/api/redis/v1"

	"posture/internal/posture"
)

func TestRedisInstances(t *testing.T) {
	t.Parallel()
	typ := "redis.googleapis.com/Instance"
	serviceTest{
		data: "redis", types: []string{typ}, schemas: map[string]any{typ + " v1": redis.Instance{}},
		want: map[string]any{
			"sessions": &RedisInstance{RequiresAuth: true, TLS: true, Replicated: true},
			"cache":    &RedisInstance{RequiresAuth: true},
			"trial":    &RedisInstance{},
			"terse":    &RedisInstance{},
		},
		unread: map[string][]posture.Unread{"terse": {{Field: "replicated", Cause: absent(typ)}}},
	}.run(t)
}
