package gcptest

import (
	"bytes"
	"io"
	"net/http"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/protobuf/proto"
)

// Between makes the server hand requests of REST APIs to do, each with what
// would answer it.
func (s *Server) Between(do func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.between = do
}

// Garble makes the server answer calls of the inventory with what do writes,
// which need not be gRPC, where it returns true. It is not told the page.
func (s *Server) Garble(do func(http.ResponseWriter, Call) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.garble = do
}

// frameHead is the length of what stands before a message of gRPC.
const frameHead = 5

// garbled reports whether the call was answered by what Garble was given.
func (s *Server) garbled(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	garble := s.garble
	s.mu.Unlock()
	if garble == nil {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	in := &assetpb.ListAssetsRequest{}
	if err != nil || len(body) < frameHead || proto.Unmarshal(body[frameHead:], in) != nil {
		return false
	}
	return garble(w, Call{Parent: in.GetParent(), Content: in.GetContentType(), Types: in.GetAssetTypes(), Size: in.GetPageSize()})
}
