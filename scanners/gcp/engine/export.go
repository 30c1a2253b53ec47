package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/protobuf/encoding/protojson"
)

// Export is a file that gcloud asset export wrote: one asset on each line.
// The contents (resource, iam-policy, org-policy) come in a file each, or one
// after the other in one.
type Export struct {
	Name string // for errors
	io.Reader
}

// longestLine is the longest asset that is read: the API gives no larger ones.
const longestLine = 32 << 20

// FromExport reads exports instead of asking the inventory. What they lack is
// not known: a type of which they hold nothing is left out of the coverage,
// and a content that they lack makes its fields unread. A line that is not
// whole, or not of an export, is an error that names it.
func FromExport(r Registry, exports []Export, o Options) (*Inventory, error) {
	program := newProgram(r)
	if err := program.declared.CheckServices(o.Services); err != nil {
		return nil, err
	}
	e, err := newEstate(&program.Registry)
	if err != nil {
		return nil, err
	}
	e.partial = true
	for _, export := range exports {
		if err := e.takeExport(export); err != nil {
			return nil, err
		}
	}
	e.seal()
	if len(e.nodes) == 0 {
		return nil, errors.New("the export names no project: export cloudresourcemanager.googleapis.com/Project too, with --content-type resource")
	}
	return &Inventory{program: program, options: o, estate: e, record: newRecord()}, nil
}

// takeExport keeps what one file holds.
func (e *estate) takeExport(export Export) error {
	reader := bufio.NewReaderSize(export, 1<<20)
	for line := 1; ; line++ {
		text, err := readLine(reader)
		switch {
		case errors.Is(err, io.EOF) && line > 1:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: the export is empty", export.Name)
		case err != nil:
			return fmt.Errorf("%s:%d: %w", export.Name, line, err)
		}
		err = e.takeLine(text)
		if errors.Is(err, errNoAsset) && breaksOff(text) {
			err = errTruncated
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", export.Name, line, err)
		}
	}
}

var (
	errTruncated = errors.New("the line breaks off: the export is truncated, make it again")
	errTooLong   = errors.New("the line is longer than any asset")
	errNoAsset   = errors.New("not an asset as gcloud asset export writes them, one JSON object on each line")
	errNoContent = errors.New("the asset has neither a resource nor a policy: export with --content-type resource, iam-policy or org-policy")
)

// readLine returns the next line, and io.EOF after the last one.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull) && len(line) > longestLine:
			return nil, errTooLong
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		default:
			return nil, err
		}
	}
}

// breaksOff reports whether a line ends in the middle of its JSON.
func breaksOff(line []byte) bool {
	var bad *json.SyntaxError
	var value json.RawMessage
	line = bytes.TrimSpace(line)
	return errors.As(json.Unmarshal(line, &value), &bad) && bad.Offset >= int64(len(line))
}

// takeLine keeps one asset. Fields that are not known are passed over: the
// inventory gains some at times.
func (e *estate) takeLine(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	var found assetpb.Asset
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, &found); err != nil {
		return errNoAsset
	}
	if found.GetName() == "" || found.GetAssetType() == "" {
		return errNoAsset
	}
	known := false
	for content, has := range map[content]bool{
		resources: found.GetResource() != nil, iamPolicies: found.GetIamPolicy() != nil, orgPolicies: len(found.GetOrgPolicy()) > 0,
	} {
		if !has {
			continue
		}
		known = true
		if err := e.take(content, &found); err != nil {
			return err
		}
		e.endExported(content, found.GetAssetType())
	}
	if !known {
		return errNoContent
	}
	return nil
}

// endExported notes that an export holds a type. Of policies, which only some
// resources have, any one shows that the content was exported.
func (e *estate) endExported(c content, typ string) {
	if c == resources {
		e.listed[listingKey{c, typ}] = nil
		return
	}
	if _, known := e.listed[listingKey{c, TypeProject}]; !known {
		for _, typ := range hierarchy {
			e.listed[listingKey{c, typ}] = nil
		}
		for i := range e.registry.Services {
			for _, typ := range e.registry.Services[i].typesWithPolicies() {
				e.listed[listingKey{c, typ}] = nil
			}
		}
	}
}
