// Command zip packs one program for functions: a zip that holds it under a name,
// executable, and the files of a folder beside it. Times and order are fixed, so
// that equal programs make equal zips.
package main

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 4 || len(os.Args) > 5 {
		log.Fatal("usage: zip PROGRAM NAME OUT.zip [FOLDER]")
	}
	var beside fs.FS
	if len(os.Args) == 5 {
		beside = os.DirFS(os.Args[4])
	}
	if err := pack(os.Args[1], os.Args[2], os.Args[3], beside); err != nil {
		log.Fatal(err)
	}
}

// pack writes the zip beside its final name and moves it there when it is whole.
func pack(program, name, out string, beside fs.FS) error {
	body, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	file, err := os.Create(out + ".part")
	if err != nil {
		return err
	}
	if err := write(file, name, body, beside); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	return os.Rename(out+".part", out)
}

func write(file *os.File, name string, body []byte, beside fs.FS) error {
	archive := zip.NewWriter(file)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	if err := add(archive, name, 0o755, body); err != nil {
		return err
	}
	if beside != nil {
		if err := addFolder(archive, beside); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}

// addFolder adds all files of a folder, in the order of their names.
func addFolder(archive *zip.Writer, folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		return add(archive, path, 0o644, body)
	})
}

func add(archive *zip.Writer, name string, mode fs.FileMode, body []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(mode)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = entry.Write(body)
	return err
}
