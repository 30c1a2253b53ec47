// Command azure is the custom handler of the functions of Azure: the Functions
// host starts it and calls it over HTTP on a port of its own for each trigger
// (functions/azure/host). It is what posture.zip holds beside the triggers.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"time"

	"posture/functions/azure/onfunctions"
	"posture/internal/steps"
)

func main() {
	server := &http.Server{
		Addr:    "127.0.0.1:" + cmp.Or(os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), "8080"),
		Handler: onfunctions.Handler(steps.All()), ReadHeaderTimeout: 10 * time.Second,
	}
	if err := server.ListenAndServe(); err != nil {
		fmt.Fprintln(os.Stderr, "serve the functions:", err)
		os.Exit(1)
	}
}
