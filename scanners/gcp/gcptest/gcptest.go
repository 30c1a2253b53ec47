// Package gcptest stands in for Google Cloud in tests and in the demo: Cloud
// Asset Inventory on the official gRPC stubs, filled from estate files in the
// form of gcloud asset export, and the REST APIs that are read directly. It
// answers real client libraries over a loopback connection, and can be told to
// refuse.
package gcptest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
)

// Server is a Google Cloud with one estate.
type Server struct {
	assetpb.UnimplementedAssetServiceServer

	assets []*assetpb.Asset
	grpc   *grpc.Server
	http   *http.Server
	addr   string

	mu       sync.Mutex
	fault    func(Call) error
	gaps     bool
	circles  func(Call) bool
	most     int // assets on a page; 0: as many as asked for
	garble   func(http.ResponseWriter, Call) bool
	between  func(http.ResponseWriter, *http.Request, http.HandlerFunc)
	answers  map[string]http.HandlerFunc // by method and path
	calls    []Call
	listings map[string][]*assetpb.Asset // by what was asked for
}

// Call is one call of the inventory that the server was asked.
type Call struct {
	Parent  string
	Content assetpb.ContentType
	Types   []string
	Page    int // from 0
	Size    int32
	Read    string // the read time, in a form that can be compared
}

// Start returns a server that holds the assets of the estates, each in the
// form of gcloud asset export. Close it.
func Start(estates ...io.Reader) (*Server, error) {
	s := &Server{answers: map[string]http.HandlerFunc{}, listings: map[string][]*assetpb.Asset{}}
	for _, estate := range estates {
		assets, err := read(estate)
		if err != nil {
			return nil, err
		}
		s.assets = append(s.assets, assets...)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr, s.grpc = listener.Addr().String(), grpc.NewServer()
	assetpb.RegisterAssetServiceServer(s.grpc, s)
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = s.http.Serve(listener) }() // ends with Close
	return s, nil
}

// URL returns where the server is, as "http://127.0.0.1:1234". It answers gRPC
// and REST there.
func (s *Server) URL() string { return "http://" + s.addr }

// Close ends the server.
func (s *Server) Close() {
	_ = s.http.Close()
	s.grpc.Stop()
}

// serve tells gRPC from REST.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		if s.garbled(w, r) {
			return
		}
		s.grpc.ServeHTTP(w, r)
		return
	}
	s.serveREST(w, r)
}

// read returns the assets of an estate file.
func read(estate io.Reader) ([]*assetpb.Asset, error) {
	var assets []*assetpb.Asset
	lines := bufio.NewScanner(estate)
	lines.Buffer(nil, 16<<20)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		a := &assetpb.Asset{}
		if err := protojson.Unmarshal(lines.Bytes(), a); err != nil {
			return nil, fmt.Errorf("line %d of the estate: %w", number, err)
		}
		assets = append(assets, a)
	}
	return assets, lines.Err()
}

// Add adds assets to the estate.
func (s *Server) Add(assets ...*assetpb.Asset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assets = append(s.assets, assets...)
	clear(s.listings)
}

// Change puts the assets of an estate file in place of those of the same names
// and types.
func (s *Server) Change(estate io.Reader) error {
	changed, err := read(estate)
	if err != nil {
		return err
	}
	same := func(a, b *assetpb.Asset) bool {
		return a.GetName() == b.GetName() && a.GetAssetType() == b.GetAssetType()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assets = slices.DeleteFunc(s.assets, func(before *assetpb.Asset) bool {
		return slices.ContainsFunc(changed, func(now *assetpb.Asset) bool { return same(before, now) })
	})
	s.assets = append(s.assets, changed...)
	clear(s.listings)
	return nil
}

// Inventory returns the options by which a client of the inventory reaches the
// server.
func (s *Server) Inventory() []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(s.addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

// REST returns the options by which clients of the REST APIs reach the server.
func (s *Server) REST() []option.ClientOption {
	return []option.ClientOption{option.WithEndpoint(s.URL()), option.WithoutAuthentication()}
}

// Answer makes the server answer requests of a REST API: the key is the method
// and the path, as in "GET /v1/projects/p/instances/i/backupRuns".
func (s *Server) Answer(key string, do http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[key] = do
}

// AnswerJSON is Answer with a fixed answer.
func (s *Server) AnswerJSON(key, body string) {
	s.Answer(key, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	})
}

// Load is AnswerJSON for all that a file of answers holds: a JSON object of
// answers by their keys.
func (s *Server) Load(answers []byte) error {
	var byKey map[string]json.RawMessage
	if err := json.Unmarshal(answers, &byKey); err != nil {
		return fmt.Errorf("read the answers of REST APIs: %w", err)
	}
	for key, body := range byKey {
		s.AnswerJSON(key, string(body))
	}
	return nil
}

// Refuse makes the server answer with what the function returns, where that is
// not nil.
func (s *Server) Refuse(fault func(Call) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Gaps makes the server answer with an empty page before every page, as the
// inventory may.
func (s *Server) Gaps() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps = true
}

// Circle makes the server answer calls for which it returns true with one and
// the same next page for ever; nil: none.
func (s *Server) Circle(which func(Call) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.circles = which
}

// Pages makes the server answer with at most so many assets on a page, as the
// inventory may.
func (s *Server) Pages(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = most
}

// Calls returns the calls of the inventory so far, refused ones too.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer, between := s.answers[r.Method+" "+r.URL.Path], s.between
	s.mu.Unlock()
	if answer == nil {
		answer = Deny
	}
	if between != nil {
		between(w, r, answer)
		return
	}
	answer(w, r)
}

// Deny is the answer of a REST API without permission.
func Deny(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}`)
}
