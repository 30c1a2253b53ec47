// Command gcp serves one of the functions of Google Cloud: that which
// FUNCTION_TARGET names (run, plan, scan, publish, watchdog, weekly; runEvent and
// so on for CloudEvents), on PORT, or all of them at their names. It is for a
// container and for trying them; a build from source makes its own.
package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	_ "posture/functions/gcp/function" // registers the functions
)

func main() {
	if err := funcframework.StartHostPort(os.Getenv("POSTURE_HOST"), cmp.Or(os.Getenv("PORT"), "8080")); err != nil {
		fmt.Fprintln(os.Stderr, "serve the function:", err)
		os.Exit(1)
	}
}
