// Command posture-demo is posture demo as a program of its own: it builds
// without what the demo does not need, such as the clients of the stores.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"posture/cmd/posture/demo"
	"posture/internal/escape"
)

func main() {
	directory := flag.String("store", "", "empty `directory` to keep the two runs in (default: a new one)")
	blocks := flag.Bool("blocks", false, "print the regression also as the JSON that Slack receives")
	flag.Parse()
	if err := run(*directory, *blocks); err != nil {
		fmt.Fprintf(os.Stderr, "posture-demo: %s\n", escape.Lines(err.Error()))
		os.Exit(2)
	}
}

func run(directory string, blocks bool) error {
	kept, err := demo.OpenStore(directory)
	if err != nil {
		return err
	}
	return demo.Run(context.Background(), demo.Options{
		Store: kept, Blocks: blocks, Command: "go run ./cmd/posture", Now: time.Now, Out: os.Stdout,
		Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd())),
	})
}
