// Command zip packs one program for AWS Lambda: a zip that holds it as
// "bootstrap", executable, with a fixed time, so that equal programs make
// equal zips.
package main

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: zip PROGRAM OUT.zip")
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// pack writes the zip beside its final name and moves it there when it is whole.
func pack(program, out string) error {
	body, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	file, err := os.Create(out + ".part")
	if err != nil {
		return err
	}
	if err := write(file, body); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	return os.Rename(out+".part", out)
}

func write(file *os.File, body []byte) error {
	archive := zip.NewWriter(file)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := entry.Write(body); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}
