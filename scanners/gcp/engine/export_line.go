package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/protobuf/encoding/protojson"
)

var (
	errNoContent = errors.New("the asset has neither a resource nor a policy: export with --content-type resource, iam-policy or org-policy")
	errFeed      = errors.New("a message of a feed, which tells one change: expected an export, from gcloud asset export")
	errPages     = errors.New("an answer of the API with many assets: expected one asset on each line; jq -c '.assets[]' makes them of it")
	errSearch    = errors.New("an answer of gcloud asset search, which lacks the settings: expected an export, from gcloud asset export")
	errForm      = errors.New("the content has another form than in an export")
)

// reading of exports passes over fields that are not known: the inventory
// gains some at times.
var lenient = protojson.UnmarshalOptions{DiscardUnknown: true}

// takeLine keeps the asset of one line, and notes in the source what it shows.
// A content that cannot be read is unread, and the others are kept.
func (e *estate) takeLine(line []byte, at string, in *source) error {
	found := &assetpb.Asset{}
	if lenient.Unmarshal(line, found) == nil && found.GetName() != "" && found.GetAssetType() != "" {
		found.AssetType = e.registry.called(found.GetAssetType())
		if held := contentsOf(found); len(held) > 0 {
			return e.takeContents(found, held, in)
		}
	}
	keys, err := keysOf(line)
	if err != nil {
		return err
	}
	m := &partial{asset: &assetpb.Asset{}}
	if err := m.read(keys); err != nil {
		return err
	}
	m.asset.AssetType = e.registry.called(m.asset.GetAssetType())
	owner := newAsset(m.asset).owner()
	for c, err := range m.bad {
		e.spoilContent(c, m.asset, at, err)
	}
	if m.bad[resources] != nil { // it is there, without its data
		m.held = append(m.held, resources)
	}
	if len(m.held)+len(m.bad) == 0 {
		return &lineError{typ: m.asset.GetAssetType(), owner: owner, err: errNoContent}
	}
	return e.takeContents(m.asset, m.held, in)
}

// contentsOf returns the contents that an asset has.
func contentsOf(a *assetpb.Asset) []content {
	var held []content
	add := func(has bool, c content) {
		if has {
			held = append(held, c)
		}
	}
	add(a.GetResource() != nil, resources)
	add(a.GetIamPolicy() != nil, iamPolicies)
	add(len(a.GetOrgPolicy()) > 0, orgPolicies)
	add(a.GetAccessContextPolicy() != nil, assetpb.ContentType_ACCESS_POLICY)
	add(a.GetOsInventory() != nil, assetpb.ContentType_OS_INVENTORY)
	add(a.GetRelatedAssets() != nil || a.GetRelatedAsset() != nil, assetpb.ContentType_RELATIONSHIP) //nolint:staticcheck // old exports have the first
	return held
}

// takeContents keeps the contents of an asset that rules ask for.
func (e *estate) takeContents(found *assetpb.Asset, held []content, in *source) error {
	owner := newAsset(found).owner()
	for _, c := range held {
		if !slices.Contains([]content{resources, iamPolicies, orgPolicies}, c) {
			continue // no rule asks for it
		}
		if err := e.take(c, found); err != nil {
			return &lineError{content: c, typ: found.GetAssetType(), owner: owner, err: err}
		}
		in.note(c, found.GetAssetType(), owner)
	}
	return nil
}

// spoilContent notes that a content of an asset cannot be read.
func (e *estate) spoilContent(c content, a *assetpb.Asset, at string, err error) {
	owner := newAsset(a).owner()
	switch {
	case c == resources:
		e.exports.unread[a.GetName()+" "+a.GetAssetType()] = unreadLine(at, err)
	case c == iamPolicies && !isNode(a.GetAssetType()):
		e.exports.policies[a.GetName()] = unreadLine(at, err)
	default:
		e.exports.spoil(at, lineError{content: c, typ: a.GetAssetType(), owner: owner, err: err})
	}
}

// keysOf returns the members of an asset's object. Of what is none it says what
// it is, and as much as it tells of what was lost.
func keysOf(line []byte) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil {
		lost := glimpse(line)
		if lost.err = errNoAsset; breaksOff(line) {
			lost.err = errBreaks
		}
		return nil, &lost
	}
	has := func(name string) bool { _, has := keys[name]; return has }
	switch {
	case has("asset") && (has("window") || has("deleted") || has("priorAsset") || has("priorAssetState")), has("message"), has("ackId"):
		return nil, errFeed
	case has("assets"):
		return nil, errPages
	case has("results") || has("nextPageToken"):
		return nil, errSearch
	}
	return keys, nil
}

// breaksOff reports whether a line ends in the middle of its JSON.
func breaksOff(line []byte) bool {
	var bad *json.SyntaxError
	var value json.RawMessage
	line = bytes.TrimSpace(line)
	return errors.As(json.Unmarshal(line, &value), &bad) && bad.Offset >= int64(len(line))
}

// glimpse returns what an object that breaks off tells of its asset: the type
// and the owner, as far as they come before that.
func glimpse(line []byte) lineError {
	decoder := json.NewDecoder(bytes.NewReader(line))
	var seen lineError
	if _, err := decoder.Token(); err != nil {
		return seen
	}
	for {
		key, err := decoder.Token()
		if err != nil {
			return seen
		}
		if c, known := contentKeys[nameOf(key)]; known {
			seen.content = c
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return seen
		}
		seen.see(nameOf(key), value)
	}
}

// see notes a member of an object that breaks off.
func (e *lineError) see(key string, value json.RawMessage) {
	var keys []string
	switch key {
	case "asset_type", "assetType":
		_ = json.Unmarshal(value, &e.typ) // what is no text leaves it open, so that the line may be of any type
	case "ancestors":
		if json.Unmarshal(value, &keys) == nil {
			e.owner = ownerOf(keys, "")
		}
	}
}

func nameOf(key json.Token) string {
	name, _ := key.(string) // another token is no name
	return name
}
