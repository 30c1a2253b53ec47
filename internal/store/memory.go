package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory keeps objects in this process.
type memory struct {
	mu      sync.Mutex
	objects map[string]memoryObject
}

type memoryObject struct {
	body     []byte
	modified time.Time
}

// Memory returns an empty store that lives as long as the process.
func Memory() Store { return &memory{objects: map[string]memoryObject{}} }

func (m *memory) String() string { return "memory" }

func (m *memory) Get(ctx context.Context, key string) (Object, error) {
	if err := Ready(ctx, key); err != nil {
		return Object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	object, ok := m.objects[key]
	if !ok {
		return Object{}, fmt.Errorf("get %s: %w", key, ErrNotFound)
	}
	body := io.NopCloser(bytes.NewReader(object.body))
	return Object{Body: body, Version: digest(object.body), Size: int64(len(object.body))}, nil
}

func (m *memory) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := Ready(ctx, key); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		return "", fmt.Errorf("put %s: %w", key, ErrExists)
	}
	return m.put(key, body), nil
}

func (m *memory) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := Ready(ctx, key); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	object, ok := m.objects[key]
	if !ok || digest(object.body) != version {
		return "", fmt.Errorf("replace %s: %w", key, ErrConflict)
	}
	return m.put(key, body), nil
}

// put stores a copy of body; the caller holds the lock.
func (m *memory) put(key string, body []byte) string {
	m.objects[key] = memoryObject{body: bytes.Clone(body), modified: time.Now().UTC()}
	return digest(body)
}

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, entry := range m.entries(prefix) {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Entry{}, err)
		}
	}
}

// entries returns what is stored now, in key order.
func (m *memory) entries(prefix string) []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []Entry
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, prefix) {
			object := m.objects[key]
			entries = append(entries, Entry{Key: key, Size: int64(len(object.body)), Modified: object.modified})
		}
	}
	return entries
}

func (m *memory) Delete(ctx context.Context, key string) error {
	if err := Ready(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

// digest is the version of an object whose store keeps no versions.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
