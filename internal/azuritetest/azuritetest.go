// Package azuritetest gives tests a real emulator of Azure Blob Storage: it
// starts Azurite on a free loopback port and ends it with the test process.
// It installs nothing; make node does. Begin with Client.
package azuritetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"posture/internal/pythontest"
)

// variable names the environment variable with the path of Azurite's script.
const variable = "POSTURE_AZURITE"

// The one account of the emulator, and its key, which its documentation
// publishes and which opens nothing else.
const (
	Account = "devstoreaccount1"
	key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// shared starts the emulator of this test process, once. The process owns it
// and not a test: it has to outlive the test that asked first.
var shared = sync.OnceValues(start)

// emulator is a running Azurite. It ends when its input is closed, also by
// the garbage collector: hence it is kept.
type emulator struct {
	url     string
	command *exec.Cmd
	input   io.Closer
}

// Client returns a client of the emulator, which all tests of a process
// share: give containers names of their own. Requests go through the
// transport. Where Azurite cannot be found or started the test fails.
func Client(t testing.TB, transport http.RoundTripper) *azblob.Client {
	t.Helper()
	running, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	credential, err := azblob.NewSharedKeyCredential(Account, key)
	if err != nil {
		t.Fatal(err)
	}
	options := azblob.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}}
	client, err := azblob.NewClientWithSharedKeyCredential(running.url+"/"+Account+"/", credential, &options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Handler answers as the account's own host does, https://ACCOUNT.blob.core.windows.net,
// for whoever has a token: the emulator itself would check who issued it.
func Handler(t testing.TB) http.Handler {
	t.Helper()
	all := sas.AccountPermissions{Read: true, Write: true, Delete: true, List: true, Add: true, Create: true, DeletePreviousVersion: true}
	signed, err := Client(t, http.DefaultTransport).ServiceClient().GetSASURL(sas.AccountResourceTypes{Service: true, Container: true, Object: true}, all, time.Now().Add(24*time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.Header.Del("Authorization")
		query := r.Out.URL.Query()
		for name, values := range base.Query() {
			query[name] = values
		}
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = base.Scheme, base.Host, base.Host
		r.Out.URL.Path, r.Out.URL.RawPath = "/"+Account+r.In.URL.Path, ""
		r.Out.URL.RawQuery = query.Encode()
	}}
}

// script runs the emulator and kills it when its own input ends, which it
// does when the test process ends in any way.
const script = `"$@" & trap "" TERM; cat >/dev/null; kill -KILL $!`

func start() (emulator, error) {
	program, err := find()
	if err != nil {
		return emulator{}, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return emulator{}, fmt.Errorf("azurite needs Node.js: %w", err)
	}
	running, err := launch(exec.Command("/bin/sh", "-c", script, "azurite", node, program,
		"--inMemoryPersistence", "--extentMemoryLimit", "512", "--blobHost", "127.0.0.1", "--blobPort", "0",
		"--silent", "--disableTelemetry", "--skipApiVersionCheck", "--loose")) // it does not know CRC64 checksums
	if err != nil {
		return emulator{}, fmt.Errorf("start %s: %w", program, err)
	}
	return running, nil
}

// launch starts a command and waits until it tells its port.
func launch(command *exec.Cmd) (emulator, error) {
	input, err := command.StdinPipe()
	if err != nil {
		return emulator{}, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return emulator{}, err
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		return emulator{}, err
	}
	url, err := address(output)
	return emulator{url: url, command: command, input: input}, err
}

var listensOn = regexp.MustCompile(`listens on (http://127\.0\.0\.1:[0-9]+)`)

// address reads the emulator's output up to the line that tells its port, and
// goes on draining it.
func address(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	var said []string
	for lines.Scan() {
		if found := listensOn.FindStringSubmatch(lines.Text()); found != nil {
			go io.Copy(io.Discard, output)
			return found[1], nil
		}
		said = append(said, lines.Text())
	}
	return "", fmt.Errorf("it ended and said: %s", strings.Join(said, "\n"))
}

// find returns the path of Azurite's script.
func find() (string, error) {
	if script := os.Getenv(variable); script != "" {
		return script, nil
	}
	if root, err := pythontest.Root(); err == nil {
		script := filepath.Join(root, "build", "node", "node_modules", "azurite", "dist", "src", "blob", "main.js")
		if _, err := os.Stat(script); err == nil {
			return script, nil
		}
	}
	return "", errors.New("azurite is not installed: run make node, or set " + variable + " to the path of its dist/src/blob/main.js")
}
