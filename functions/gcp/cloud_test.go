package main_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/grpc"

	"posture/scanners/gcp/gcptest"
)

const (
	bucket = "results"
	folder = "posture"
)

var program string

func TestMain(m *testing.M) {
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// build builds the program and runs the tests.
func build(m *testing.M) (int, error) {
	made, err := os.MkdirTemp("", "posture-gcp")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(made)
	program = filepath.Join(made, "gcp")
	for _, step := range [][]string{
		{"-C", "../../scripts", "run", "./lean", "..", "build/lean"},
		{"build", "-modfile", "../../build/lean/go.mod", "-tags", "posture_loopback,disable_grpc_modules,grpcnotrace", "-o", program, "."},
	} {
		if output, err := exec.Command("go", step...).CombinedOutput(); err != nil {
			return 1, fmt.Errorf("go %s: %w\n%s", strings.Join(step, " "), err, output)
		}
	}
	return m.Run(), nil
}

// cloud is a Google Cloud on this machine, with an estate of one organization.
type cloud struct {
	inventory *gcptest.Server
	storage   *fakestorage.Server
	env       []string

	mu     sync.Mutex
	posted []string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{inventory: estate(t)}
	var err error
	if c.storage, err = fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true}); err != nil {
		t.Fatal(err)
	}
	c.storage.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	c.put("config/posture.yaml", "gcp: {organization: '3001', exclude: [shop-gone], services: [cloudresourcemanager, compute, storage]}\nslack: {channel: C0123456789}\n")
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	c.env = []string{
		"HOME=/nonexistent", "POSTURE_HOST=127.0.0.1",
		"POSTURE_STORE=gs://" + bucket + "/" + folder,
		"POSTURE_SLACK_SECRET=projects/p/secrets/slack",
		"POSTURE_TEST_STORAGE=" + serve(c.storage.HTTPHandler()) + "/storage/v1/",
		"POSTURE_TEST_INVENTORY=" + listen(t, c.inventory),
		"POSTURE_TEST_REST=" + serve(http.NotFoundHandler()),
		"POSTURE_TEST_SECRETS=" + serve(http.HandlerFunc(secret)),
		"POSTURE_TEST_SLACK=" + serve(http.HandlerFunc(c.slack)) + "/api/",
	}
	return c
}

// estate is the one that the tests of the scanners stand on.
func estate(t *testing.T) *gcptest.Server {
	t.Helper()
	var files []io.Reader
	for _, name := range []string{"hierarchy", "storage", "compute_firewall"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "scanners", "gcp", "testdata", name+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, bytes.NewReader(text))
	}
	server, err := gcptest.Start(files...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// listen serves the inventory at an address that another process can be told.
func listen(t *testing.T, inventory *gcptest.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	assetpb.RegisterAssetServiceServer(server, inventory)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// secret is Secret Manager with one secret.
func secret(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/projects/p/secrets/slack/versions/latest:access" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"payload": {"data": %q}}`, base64.StdEncoding.EncodeToString([]byte("xoxb-1-2-verysecret")))
}

// slack accepts every message.
func (c *cloud) slack(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
		c.mu.Lock()
		c.posted = append(c.posted, r.PostForm.Get("text"))
		c.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"ok": true, "channel": "C0123456789", "ts": "1.1", "messages": []}`)
}

// told returns how many messages Slack has got.
func (c *cloud) told() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.posted)
}

// texts returns the messages that Slack has got.
func (c *cloud) texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.posted)
}

func (c *cloud) put(key, text string) {
	c.storage.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: bucket, Name: folder + "/" + key}, Content: []byte(text),
	})
}

// objects returns the keys in the store.
func (c *cloud) objects(t *testing.T) []string {
	t.Helper()
	found, err := c.storage.ListObjectsWithOptionsPaginated(bucket, fakestorage.ListOptions{Prefix: folder + "/"})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, object := range found.Objects {
		keys = append(keys, strings.TrimPrefix(object.Name, folder+"/"))
	}
	slices.Sort(keys)
	return keys
}

// process is the program while it serves.
type process struct {
	url string
	log *buffer
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts the program and waits until it serves.
func (c *cloud) start(t *testing.T, env ...string) *process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	p := &process{url: "http://" + addr, log: &buffer{}}
	command := exec.CommandContext(t.Context(), program)
	command.Env = append(append(slices.Clone(c.env), "PORT="+port), env...)
	command.Stdout, command.Stderr = p.log, p.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for range 200 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the program does not serve:\n%s", p.log)
	return nil
}

// logs waits until the program has logged a text.
func (p *process) logs(t *testing.T, text string) {
	t.Helper()
	for range 100 {
		if strings.Contains(p.log.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("no %s in the log:\n%s", text, p.log)
}

// post calls a function.
func (p *process) post(t *testing.T, path string, headers map[string]string, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (p *process) get(t *testing.T, path string) int {
	t.Helper()
	response, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
