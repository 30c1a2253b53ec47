package engine

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// contentKeys are the members of an asset that are a content of their own.
var contentKeys = map[string]content{
	"resource": resources, "iam_policy": iamPolicies, "iamPolicy": iamPolicies, "org_policy": orgPolicies, "orgPolicy": orgPolicies,
	"access_policy": assetpb.ContentType_ACCESS_POLICY, "accessPolicy": assetpb.ContentType_ACCESS_POLICY,
	"access_level": assetpb.ContentType_ACCESS_POLICY, "accessLevel": assetpb.ContentType_ACCESS_POLICY,
	"service_perimeter": assetpb.ContentType_ACCESS_POLICY, "servicePerimeter": assetpb.ContentType_ACCESS_POLICY,
	"os_inventory": assetpb.ContentType_OS_INVENTORY, "osInventory": assetpb.ContentType_OS_INVENTORY,
	"related_assets": assetpb.ContentType_RELATIONSHIP, "relatedAssets": assetpb.ContentType_RELATIONSHIP,
	"related_asset": assetpb.ContentType_RELATIONSHIP, "relatedAsset": assetpb.ContentType_RELATIONSHIP,
}

// partial is an asset whose object as a whole has not the form of an export:
// what of it can be read.
type partial struct {
	asset *assetpb.Asset
	held  []content
	bad   map[content]error
}

// read reads an asset member by member.
func (m *partial) read(keys map[string]json.RawMessage) error {
	head := map[string]json.RawMessage{}
	m.bad = map[content]error{}
	for key, value := range keys {
		c, isContent := contentKeys[key]
		switch {
		case isContent && string(value) != "null":
			m.readContent(c, key, value)
		case key == "update_time" || key == "updateTime":
			m.asset.UpdateTime = timeOf(value)
		case key == "name" || key == "asset_type" || key == "assetType" || key == "ancestors":
			head[key] = value
		}
	}
	if !m.merge(head) || m.asset.GetName() == "" || m.asset.GetAssetType() == "" {
		return &lineError{typ: m.asset.GetAssetType(), err: errNoAsset}
	}
	return nil
}

// readContent reads one content.
func (m *partial) readContent(c content, key string, value json.RawMessage) {
	switch c {
	case resources, iamPolicies, orgPolicies:
	default:
		m.held = append(m.held, c) // no rule asks for it, whatever its form
		return
	}
	if c == orgPolicies {
		value = withoutTimes(value)
	}
	if m.merge(map[string]json.RawMessage{key: value}) {
		m.held = append(m.held, c)
	} else {
		m.bad[c] = errForm
	}
}

// merge adds members to the asset, all or none, and reports whether it could.
func (m *partial) merge(members map[string]json.RawMessage) bool {
	text, err := json.Marshal(members)
	if err != nil {
		return false
	}
	part := &assetpb.Asset{}
	if lenient.Unmarshal(text, part) != nil {
		return false
	}
	proto.Merge(m.asset, part)
	return true
}

// timeOf reads a time, as text or as seconds and nanos, nil for what is none.
func timeOf(value json.RawMessage) *timestamppb.Timestamp {
	var text time.Time
	if json.Unmarshal(value, &text) == nil {
		return timestamppb.New(text)
	}
	var parts struct {
		Seconds json.RawMessage
		Nanos   int32
	}
	if json.Unmarshal(value, &parts) != nil {
		return nil
	}
	seconds, err := strconv.ParseInt(strings.Trim(string(parts.Seconds), `"`), 10, 64)
	if err != nil {
		return nil
	}
	return timestamppb.New(time.Unix(seconds, int64(parts.Nanos)))
}

// withoutTimes returns organization policies without when they were set, which
// nothing asks for and which is written in several ways.
func withoutTimes(policies json.RawMessage) json.RawMessage {
	var list []map[string]json.RawMessage
	if json.Unmarshal(policies, &list) != nil {
		return policies // merge refuses them
	}
	for _, policy := range list {
		delete(policy, "update_time")
		delete(policy, "updateTime")
	}
	text, err := json.Marshal(list)
	if err != nil {
		return policies // as they are, merge takes or refuses them
	}
	return text
}
