package setup

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"maps"
	"slices"
)

// files are small files by name.
type files map[string][]byte

// fs returns the files as a file system, by way of the one that the standard
// library has for archives in memory.
func (f files) fs() fs.FS {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, _ = entry.Write(f[name]) // into memory
		}
	}
	_ = archive.Close() // into memory
	reader, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil { // it was written above
		return &zip.Reader{}
	}
	return reader
}
