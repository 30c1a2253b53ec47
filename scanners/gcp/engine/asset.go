package engine

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/odd"
)

// Asset is one entry of the inventory with the content of a resource.
type Asset struct {
	Name      string    `json:"name"`      // full resource name: "//storage.googleapis.com/my-bucket"
	Updated   time.Time `json:"updated"`   // when the inventory last saw it change
	Ancestors []string  `json:"ancestors"` // the project first, then folders, then the organization
	Version   string    `json:"version"`   // of the API whose form the data has
	Location  string    `json:"location"`
	Parent    string    `json:"parent"` // full resource name

	Type string          `json:"-"`
	Data json.RawMessage `json:"-"` // the resource as its REST API returns it
}

// newAsset returns the resource of an answer, without sharing its memory. What
// no JSON number can say, as NaN, is a string in the data, and so is refused
// where a number is read.
func newAsset(a *assetpb.Asset) *Asset {
	found := &Asset{
		Name: a.GetName(), Type: a.GetAssetType(), Ancestors: a.GetAncestors(),
		Version: a.GetResource().GetVersion(), Location: a.GetResource().GetLocation(), Parent: a.GetResource().GetParent(),
	}
	if a.GetUpdateTime() != nil {
		found.Updated = a.GetUpdateTime().AsTime()
	}
	if data := a.GetResource().GetData(); data != nil {
		if text, err := json.Marshal(data.AsMap()); err == nil { // else there is no data, which is unread
			found.Data = text
		}
	}
	return found
}

// clone returns a copy that shares no memory with the buffer that the asset
// was unpacked into.
func (a *Asset) clone() *Asset {
	kept := *a
	kept.Data = slices.Clone(a.Data)
	return &kept
}

var errNoData error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the inventory holds no data of the resource"}

// decode reads the data's fields that into has. A field of another type than
// expected is an error.
func (a *Asset) decode(into any) error {
	if len(a.Data) == 0 {
		return errNoData
	}
	return json.Unmarshal(a.Data, into)
}

// decodeOdd does so without the members that are of another JSON type than
// expected, and returns these.
func (a *Asset) decodeOdd(into any, tags ...string) ([]odd.Part, error) {
	if len(a.Data) == 0 {
		return nil, errNoData
	}
	parts, err := odd.Decode(a.Data, into, tags...)
	return parts, scanners.Failed("read "+a.Type, err)
}

func oddCause(typ string, parts []odd.Part) posture.Cause {
	return posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typ, Code: odd.Names(parts)}
}

// owner returns the key of what the asset belongs to: a project, or the folder
// or organization where it belongs to none; "" when the inventory does not say.
func (a *Asset) owner() string { return ownerOf(a.Ancestors, a.Parent) }

func ownerOf(ancestors []string, parent string) string {
	if len(ancestors) > 0 {
		return ancestors[0]
	}
	key, found := strings.CutPrefix(parent, "//cloudresourcemanager.googleapis.com/")
	if !found {
		return ""
	}
	return key
}

// LastOf returns the last part of a path.
func LastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Integer is a whole number that the APIs write as a number or as a string.
type Integer int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *Integer) UnmarshalJSON(b []byte) error {
	written := strings.Trim(string(b), `"`)
	if written == "null" {
		return nil
	}
	if whole, err := strconv.ParseInt(written, 10, 64); err == nil {
		*n = Integer(whole)
		return nil
	}
	value, err := strconv.ParseFloat(written, 64)
	if err != nil || value != float64(int64(value)) {
		return errors.New("not a whole number")
	}
	*n = Integer(value)
	return nil
}

// Expects implements odd.Expecter.
func (Integer) Expects() string { return "whole number" }

// Text is a string that some versions of an API write as a number.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if string(b) == "null" {
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(b, &number); err != nil {
		return err
	}
	*t = Text(number)
	return nil
}

// Expects implements odd.Expecter.
func (Text) Expects() string { return "text" }

// Labelled is embedded by the data of resources that have labels: they become
// the resource's tags.
type Labelled struct {
	Labels map[string]string `json:"labels" gives:"tags"`
}

// Tags returns the labels.
func (l Labelled) Tags() map[string]string { return l.Labels }
