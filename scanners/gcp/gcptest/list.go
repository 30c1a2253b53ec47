package gcptest

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ListAssets implements the inventory: a page of the assets below the parent
// that have the content, in a fixed order.
func (s *Server) ListAssets(_ context.Context, in *assetpb.ListAssetsRequest) (*assetpb.ListAssetsResponse, error) {
	token, second := strings.CutPrefix(in.GetPageToken(), "again ")
	start, err := strconv.Atoi(cmp.Or(token, "0"))
	if err != nil || in.GetPageSize() < 1 || in.GetPageSize() > 1000 || in.GetReadTime() == nil {
		return nil, status.Error(codes.InvalidArgument, "Request contains an invalid argument.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size := int(in.GetPageSize())
	if s.most > 0 {
		size = min(size, s.most)
	}
	call := Call{
		Parent: in.GetParent(), Content: in.GetContentType(), Types: in.GetAssetTypes(),
		Page: start / size, Size: in.GetPageSize(), Read: in.GetReadTime().AsTime().String(),
	}
	s.calls = append(s.calls, call)
	if s.fault != nil {
		if err := s.fault(call); err != nil {
			return nil, err
		}
	}
	if s.gaps && !second {
		return &assetpb.ListAssetsResponse{NextPageToken: "again " + strconv.Itoa(start)}, nil
	}
	found, err := s.listing(in)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && !s.known(in.GetParent()) {
		return nil, status.Error(codes.PermissionDenied, "The caller does not have permission")
	}
	out := page(found, start, size, in.GetContentType())
	if s.circles != nil && s.circles(call) {
		out.NextPageToken = "0"
	}
	return out, nil
}

// listing returns all that is asked for; a page is a part of it.
func (s *Server) listing(in *assetpb.ListAssetsRequest) ([]*assetpb.Asset, error) {
	key := in.GetParent() + " " + in.GetContentType().String() + " " + strings.Join(in.GetAssetTypes(), " ")
	if found, ok := s.listings[key]; ok {
		return found, nil
	}
	match, err := matcher(in.GetAssetTypes())
	if err != nil {
		return nil, err
	}
	found := s.below(in.GetParent(), func(a *assetpb.Asset) bool { return match(a.GetAssetType()) && has(a, in.GetContentType()) })
	s.listings[key] = found
	return found, nil
}

// page returns the assets from start on, with the content only.
func page(found []*assetpb.Asset, start, size int, content assetpb.ContentType) *assetpb.ListAssetsResponse {
	out := &assetpb.ListAssetsResponse{}
	for _, a := range found[min(start, len(found)):min(start+size, len(found))] {
		out.Assets = append(out.Assets, only(a, content))
	}
	if start+size < len(found) {
		out.NextPageToken = strconv.Itoa(start + size)
	}
	return out
}

// only returns the asset with one content.
func only(a *assetpb.Asset, content assetpb.ContentType) *assetpb.Asset {
	out := &assetpb.Asset{Name: a.GetName(), AssetType: a.GetAssetType(), Ancestors: a.GetAncestors(), UpdateTime: a.GetUpdateTime()}
	switch content {
	case assetpb.ContentType_RESOURCE:
		out.Resource = a.GetResource()
	case assetpb.ContentType_IAM_POLICY:
		out.IamPolicy = a.GetIamPolicy()
	case assetpb.ContentType_ORG_POLICY:
		out.OrgPolicy = a.GetOrgPolicy()
	}
	return out
}

// has reports whether the asset has the content.
func has(a *assetpb.Asset, content assetpb.ContentType) bool {
	switch content {
	case assetpb.ContentType_RESOURCE:
		return a.GetResource() != nil
	case assetpb.ContentType_IAM_POLICY:
		return a.GetIamPolicy() != nil
	case assetpb.ContentType_ORG_POLICY:
		return len(a.GetOrgPolicy()) > 0
	}
	return false
}

// matcher returns which types are asked for: each is an expression, and one
// that matches no type at all is refused.
func matcher(types []string) (func(string) bool, error) {
	var all []*regexp.Regexp
	for _, typ := range types {
		expression, err := regexp.Compile("^(?:" + typ + ")$")
		if err != nil || !strings.Contains(typ, ".googleapis.com/") {
			return nil, status.Error(codes.InvalidArgument, "Request contains an invalid argument.")
		}
		all = append(all, expression)
	}
	return func(typ string) bool {
		return slices.ContainsFunc(all, func(e *regexp.Regexp) bool { return e.MatchString(typ) })
	}, nil
}

// below returns the assets below a parent that match, sorted.
func (s *Server) below(parent string, match func(*assetpb.Asset) bool) []*assetpb.Asset {
	numbered := s.numbered(parent)
	var found []*assetpb.Asset
	for _, a := range s.assets {
		if match(a) && slices.Contains(a.GetAncestors(), numbered) {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b *assetpb.Asset) int {
		return cmp.Or(cmp.Compare(a.GetAssetType(), b.GetAssetType()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return found
}

// numbered returns the parent by its number, as ancestors name it.
func (s *Server) numbered(parent string) string {
	id, isProject := strings.CutPrefix(parent, "projects/")
	for _, a := range s.assets {
		if isProject && a.GetResource().GetData().GetFields()["projectId"].GetStringValue() == id && len(a.GetAncestors()) > 0 &&
			strings.HasSuffix(a.GetAssetType(), "/Project") && strings.HasPrefix(a.GetAssetType(), "cloudresourcemanager.") {
			return a.GetAncestors()[0]
		}
	}
	return parent
}

func (s *Server) known(parent string) bool {
	return len(s.below(parent, func(*assetpb.Asset) bool { return true })) > 0
}
