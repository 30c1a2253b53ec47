// Package main_test starts the program as it is built and calls it as the
// Functions host does, against an Azure under its own names: Azurite for the
// store, and stand-ins for the managed identity, Resource Graph, Key Vault and
// Slack.
package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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

	"posture/internal/azuritetest"
	"posture/internal/cloud/azurecloud"
	"posture/internal/config"
	"posture/internal/entratest"
	"posture/internal/posture"
	"posture/internal/proxytest"
	"posture/internal/snapshot"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/internal/store/azblobstore"
	"posture/scanners/azure"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/enginetest"
)

const (
	slackToken = "xoxb-1-2-verysecret"
	identityID = "22222222-3333-4444-5555-666666666666"
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
	made, err := os.MkdirTemp("", "posture-azure")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(made)
	program = filepath.Join(made, "posture")
	if output, err := exec.Command("go", "build", "-tags", "posture_loopback", "-o", program, ".").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, output)
	}
	return m.Run(), nil
}

// cloud is an Azure on this machine, with one subscription.
type cloud struct {
	t       *testing.T
	where   azure.Cloud
	manager *azuretest.Server
	blobs   http.Handler
	store   store.Store
	proxy   *proxytest.Proxy
	env     []string

	mu     sync.Mutex
	denied string // the host that refuses
	posted []string
	wrong  []string
	writes []string // to blobs: the method and the path
}

func newCloud(t *testing.T, container string) *cloud {
	t.Helper()
	return newCloudIn(t, container, config.DefaultAzureCloud)
}

// newCloudIn is one of the clouds of Azure, under its own names.
func newCloudIn(t *testing.T, container, name string) *cloud {
	t.Helper()
	where := azure.Clouds()[name]
	client := azuritetest.Client(t, http.DefaultTransport)
	if _, err := client.CreateContainer(t.Context(), container, nil); err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, where: where, manager: azuretest.Start(entratest.Estate(t)), blobs: azuritetest.Handler(t), store: azblobstore.New(client, container, "posture")}
	t.Cleanup(c.manager.Close)
	c.put("config/posture.yaml", entratest.Config+"slack: {channel: C0123456789}\n")
	c.proxy = proxytest.Start(t, c, host(where.Manager), "*"+where.Blobs, "*"+where.Vaults)
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	c.env = append(c.proxy.Env,
		"HOME=/nonexistent", "NO_PROXY=127.0.0.1",
		"POSTURE_STORE=azblob://"+azuritetest.Account+"/"+container+"/posture",
		"POSTURE_SLACK_SECRET=https://shop"+where.Vaults+"/secrets/slack", azurecloud.CloudVariable+"="+name,
		"POSTURE_TEST_SLACK="+serve(c.slack)+"/api/",
		"IDENTITY_ENDPOINT="+serve(c.identity), "IDENTITY_HEADER=made-up", "AZURE_CLIENT_ID="+identityID,
	)
	return c
}

// host returns the host of an address.
func host(address string) string { return strings.TrimPrefix(address, "https://") }

func (c *cloud) put(key, text string) {
	c.t.Helper()
	if _, err := c.store.PutIfAbsent(c.t.Context(), key, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// identity is the endpoint of the managed identity: a token says for whom it is.
func (c *cloud) identity(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-IDENTITY-HEADER") != "made-up" || r.URL.Query().Get("client_id") != identityID {
		c.note(&c.wrong, "identity "+r.URL.RawQuery)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": "verysecret %s", "expires_on": "%d", "resource": "x", "token_type": "Bearer"}`, r.URL.Query().Get("resource"), time.Now().Add(time.Hour).Unix())
}

func (c *cloud) note(list *[]string, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, what)
}

// ServeHTTP answers for Azure's names, to whoever has the token for each.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, vault := r.Header.Get("Authorization"), "https://"+c.where.Vaults[1:]
	c.mu.Lock()
	denied := c.denied != "" && strings.HasSuffix(r.Host, c.denied)
	c.mu.Unlock()
	switch {
	case r.Host == "shop"+c.where.Vaults && token == "":
		w.Header().Set("WWW-Authenticate", `Bearer authorization="`+c.where.Login+enginetest.Tenant+`", resource="`+vault+`"`)
		w.WriteHeader(http.StatusUnauthorized)
	case denied:
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
	case r.Host == "shop"+c.where.Vaults && token == "Bearer verysecret "+vault && r.URL.Path == "/secrets/slack/":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"value": %q, "id": "https://shop%s/secrets/slack/1"}`, slackToken, c.where.Vaults)
	case strings.HasSuffix(r.Host, c.where.Blobs) && token == "Bearer verysecret https://storage.azure.com":
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			c.note(&c.writes, r.Method+" "+r.Host+r.URL.Path)
		}
		c.blobs.ServeHTTP(w, r)
	case r.Host == host(c.where.Manager) && token == "Bearer verysecret "+strings.TrimSuffix(c.where.Scope(), "/.default"):
		c.manager.ServeHTTP(w, r)
	default:
		c.note(&c.wrong, r.Method+" "+r.Host+r.URL.Path+" with "+token)
		azuretest.Refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken")
	}
}

// slack accepts every message.
func (c *cloud) slack(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if r.Header.Get("Authorization") != "Bearer "+slackToken && r.PostForm.Get("token") != slackToken {
		c.note(&c.wrong, "Slack with another token")
	}
	if strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
		c.note(&c.posted, r.PostForm.Get("text"))
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"ok": true, "channel": "C0123456789", "ts": "1.1", "messages": []}`)
}

// check holds that no program did what it should not, and that no secret is in
// the store.
func (c *cloud) check(log string) {
	c.t.Helper()
	if wrong := slices.Concat(c.wrong, c.proxy.Wrong()); len(wrong) > 0 {
		c.t.Errorf("wrong: %q", wrong)
	}
	for _, text := range append(c.objects(), log) {
		if strings.Contains(text, "verysecret") {
			c.t.Errorf("a secret shows:\n%s", text)
		}
	}
}

// objects returns what is stored, each with its key.
func (c *cloud) objects() []string {
	c.t.Helper()
	var all []string
	for info, err := range c.store.List(c.t.Context(), "") {
		if err != nil {
			c.t.Fatal(err)
		}
		body, _, err := store.Read(c.t.Context(), c.store, info.Key, 1<<22)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, info.Key+"\n"+string(body))
	}
	return all
}

// findings returns the findings of a run. Without any the test fails.
func (c *cloud) findings(id posture.RunID) []posture.Finding {
	c.t.Helper()
	run, err := snapshot.LoadRun(c.t.Context(), c.store, id)
	if err != nil {
		c.t.Fatal(err)
	}
	parts, _, err := snapshot.Parts(c.t.Context(), c.store, run)
	var all []posture.Finding
	for _, part := range parts {
		for finding, bad := range snapshot.Findings(c.t.Context(), c.store, part) {
			all, err = append(all, finding), errors.Join(err, bad)
		}
	}
	if err != nil || len(all) == 0 {
		c.t.Fatalf("%d findings, %v", len(all), err)
	}
	return all
}

// process is the program while it serves.
type process struct {
	t   *testing.T
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
func (c *cloud) start(env ...string) *process {
	c.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	p := &process{t: c.t, url: "http://" + addr, log: &buffer{}}
	command := exec.CommandContext(c.t.Context(), program)
	command.Env = append(append(slices.Clone(c.env), "FUNCTIONS_CUSTOMHANDLER_PORT="+port), env...)
	command.Stdout, command.Stderr = p.log, p.log
	if err := command.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
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
	c.t.Fatalf("the program does not serve:\n%s", p.log)
	return nil
}

// timer and queued are what the host sends of a timer, and of a message of the
// queue.
const timer = `{"Data": {"timer": {"Schedule": {"AdjustForDST": true}, "IsPastDue": false}}, "Metadata": {"sys": {"MethodName": "x"}}}`

func queued(message string) string {
	text, _ := json.Marshal(message) // a text always can
	return `{"Data": {"job": ` + string(text) + `}, "Metadata": {"DequeueCount": "1"}}`
}

// call sends a trigger, and returns the status and the message that the program
// asks to be queued, "" for none.
func (p *process) call(name, trigger string) (status int, again string) {
	p.t.Helper()
	response, err := http.Post(p.url+"/"+name, "application/json", strings.NewReader(trigger))
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.log)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var said struct{ Outputs map[string]string }
	if response.StatusCode == http.StatusOK && json.Unmarshal(text, &said) != nil {
		p.t.Fatalf("%s answers %s", name, text)
	}
	return response.StatusCode, said.Outputs["again"]
}

// logs waits until the program has logged a text.
func (p *process) logs(text string) {
	p.t.Helper()
	for range 100 {
		if strings.Contains(p.log.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Errorf("no %s in the log:\n%s", text, p.log)
}

// TestRun is one run from the schedule's tick to the message in Slack, and a
// second delivery of its message, which changes nothing.
func TestRun(t *testing.T) {
	c := newCloud(t, "run")
	p := c.start()
	status, message := p.call("tick", timer)
	if status != http.StatusOK || !strings.HasPrefix(message, `{"slot":"20`) {
		t.Fatalf("tick: %d %s", status, message)
	}
	if status, again := p.call("run", queued(message)); status != http.StatusOK || again != "" {
		t.Fatalf("run: %d %s\n%s", status, again, p.log)
	}
	p.logs(`"msg":"done","step":"run"`)
	p.logs(`"RunsCompleted":1`)
	p.logs(`"outcome":"complete"`)
	before := c.objects()
	if len(c.posted) != 1 || !strings.Contains(c.posted[0], "First scan") {
		t.Errorf("Slack was sent %q", c.posted)
	}
	if status, _ := p.call("run", queued(message)); status != http.StatusOK || !slices.Equal(before, c.objects()) || len(c.posted) != 1 {
		t.Errorf("again: %d, %d messages", status, len(c.posted))
	}
	if status, _ := p.call("watchdog", timer); status != http.StatusOK {
		t.Errorf("watchdog: %d", status)
	}
	p.logs(`"RunsMissed":0`)
	if status, _ := p.call("weekly", timer); status != http.StatusOK {
		t.Errorf("weekly: %d\n%s", status, p.log)
	}
	c.check(p.log.String())
}

// TestSovereign: in a sovereign cloud nothing is asked of a host of another one,
// by whatever token.
func TestSovereign(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(azure.Clouds())) {
		c := newCloudIn(t, strings.ToLower(name), name)
		p := c.start()
		if status, again := p.call("run", queued(`{"slot":"2026-11-21T05:00:00Z"}`)); status != http.StatusOK || again != "" {
			t.Errorf("%s: %d %s\n%s", name, status, again, p.log)
		}
		p.logs(`"outcome":"complete"`)
		for _, f := range c.findings("20261121T050000Z-azure") {
			if !strings.HasPrefix(f.Link, c.where.Portal+"/") {
				t.Errorf("%s: the link of %s is %q", name, f.Resource, f.Link)
			}
		}
		c.check(p.log.String())
	}
}

// TestTooShort: a run whose calls are all too short for anything is not asked for again
// without end: the third call closes it, with the reason.
func TestTooShort(t *testing.T) {
	c := newCloud(t, "short")
	p := c.start("POSTURE_TIME=1m")
	message := fmt.Sprintf(`{"slot":%q}`, time.Now().UTC().Truncate(time.Second).Format(time.RFC3339))
	for try := 1; try <= 3; try++ {
		status, again := p.call("run", queued(message))
		if want := map[bool]string{true: message}[try < 3]; status != http.StatusOK || again != want {
			t.Fatalf("call %d: %d %s, want %q\n%s", try, status, again, want, p.log)
		}
	}
	p.logs(`"outcome":"failed"`)
	if !slices.ContainsFunc(c.objects(), func(object string) bool {
		return strings.Contains(object, "/part.json\n") && strings.Contains(object, `"reason":"out of time"`) && strings.Contains(object, "posture:ReadSlice")
	}) {
		t.Error("no part says that time ran out")
	}
	c.check(p.log.String())
}

// kept returns the folders of the store that infra/azure lets the functions write to.
func kept(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../infra/azure/identity.tf")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "  kept  = [")
	list, _, _ = strings.Cut(list, "]")
	return strings.Split(strings.ReplaceAll(list, `"`, ""), ", ")
}

// TestWrites: the functions write to their own container alone, there to what infra/azure
// lets them, and of the cloud that they scan they only read.
func TestWrites(t *testing.T) {
	c, allowed := newCloud(t, "writes"), kept(t)
	p := c.start()
	for _, step := range []struct{ name, trigger string }{{"watchdog", timer}, {"run", queued(`{"slot":"2026-11-21T05:00:00Z"}`)}, {"watchdog", timer}, {"weekly", timer}} {
		if status, _ := p.call(step.name, step.trigger); status != http.StatusOK {
			t.Errorf("%s: %d\n%s", step.name, status, p.log)
		}
	}
	folders := map[string]bool{}
	own := azuritetest.Account + c.where.Blobs + "/writes/posture/"
	for _, write := range c.writes {
		method, path, _ := strings.Cut(write, " ")
		key, inside := strings.CutPrefix(path, own)
		folder, _, _ := strings.Cut(key, "/")
		if !inside || !slices.Contains(allowed, folder) || method != http.MethodPut && method != http.MethodDelete {
			t.Errorf("%s: the functions may write only to %v", write, allowed)
		}
		folders[folder] = true
	}
	for _, folder := range []string{"runs", "chain", "state", "alerts", "sent", "weekly"} {
		if !folders[folder] {
			t.Errorf("nothing was written to %s", folder)
		}
	}
	for call := range c.manager.Calls() {
		if !strings.HasPrefix(call, "GET ") && !strings.HasPrefix(call, "POST query ") {
			t.Errorf("%s is no read", call)
		}
	}
	if slices.Contains(allowed, "config") {
		t.Error("the functions may change their configuration")
	}
	c.check(p.log.String())
}

// TestContinue: a run whose time is up asks for the rest by a message of the
// same slot.
func TestContinue(t *testing.T) {
	c := newCloud(t, "continue")
	message := fmt.Sprintf(`{"slot":%q}`, time.Now().UTC().Truncate(time.Second).Format(time.RFC3339))
	p := c.start("POSTURE_TIME=1m")
	status, again := p.call("run", queued(message))
	if status != http.StatusOK || again != message {
		t.Fatalf("without time: %d %s\n%s", status, again, p.log)
	}
	p.logs(`"msg":"to be continued"`)
	if status, again := c.start().call("run", queued(again)); status != http.StatusOK || again != "" {
		t.Errorf("with time: %d %s", status, again)
	}
	c.check(p.log.String())
}

// TestRefused: what cannot be done answers with another status than 200, so that
// the host tries again, and says why in one line.
func TestRefused(t *testing.T) {
	c := newCloud(t, "refused")
	for name, test := range map[string]struct {
		denied, env, trigger string
		status               int
		want                 string
	}{
		"the store":          {"blob.core.windows.net", "", queued(`{"slot":"2026-11-21T05:00:00Z"}`), 500, "azblob://" + azuritetest.Account + "/refused/posture"},
		"the subscriptions":  {"management.azure.com", "", queued(`{"slot":"2026-11-21T05:00:00Z"}`), 500, "list the subscriptions in scope"},
		"no store":           {"", "POSTURE_STORE=s3://bucket", queued(`{"slot":"2026-11-21T05:00:00Z"}`), 500, "POSTURE_STORE: expected azblob://account/container/prefix"},
		"no such cloud":      {"", "POSTURE_AZURE_CLOUD=AzureGermanCloud", queued(`{"slot":"2026-11-21T05:00:00Z"}`), 500, `POSTURE_AZURE_CLOUD: cloud \"AzureGermanCloud\": expected AzureCloud, AzureUSGovernment or AzureChinaCloud`},
		"no time":            {"", "POSTURE_TIME=soon", queued(`{"slot":"2026-11-21T05:00:00Z"}`), 500, ""},
		"no slot":            {"", "", queued(`{}`), 400, ""},
		"no message":         {"", "", queued(`soon`), 400, ""},
		"no trigger":         {"", "", `{}`, 400, ""},
		"too long a trigger": {"", "", strings.Repeat(" ", 1<<20+1), 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.mu.Lock()
			c.denied = test.denied
			c.mu.Unlock()
			p := c.start(test.env)
			p.t = t
			if status, again := p.call("run", test.trigger); status != test.status || again != "" {
				t.Errorf("%d %s, want %d", status, again, test.status)
			}
			if test.want != "" {
				p.logs(`"msg":"failed"`)
				p.logs(test.want)
			}
			if strings.Contains(p.log.String(), "verysecret") {
				t.Errorf("a secret shows:\n%s", p.log)
			}
		})
	}
}

// TestHost holds that each function of the host is one that the program serves,
// by a trigger whose bindings it knows, and is tried again.
func TestHost(t *testing.T) {
	files, err := filepath.Glob("host/*/function.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		names = append(names, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Bindings []struct{ Type, Direction, Name, QueueName, Schedule string }
			Retry    struct{ MaxRetryCount int }
		}
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, known := steps.All()[name]; !known && name != "tick" {
			t.Errorf("%s: the program has no such function", name)
		}
		for _, b := range f.Bindings {
			switch b.Type + " " + b.Direction + " " + b.Name {
			case "timerTrigger in timer":
				if b.Schedule == "" || f.Retry.MaxRetryCount < 2 {
					t.Errorf("%s: no schedule, or a failure is not tried again", name)
				}
			case "queueTrigger in job", "queue out again":
				if b.QueueName != "posture-runs" {
					t.Errorf("%s: queue %s", name, b.QueueName)
				}
			default:
				t.Errorf("%s: binding %+v", name, b)
			}
		}
	}
	if want := []string{"run", "tick", "watchdog", "weekly"}; !slices.Equal(names, want) {
		t.Errorf("functions %v, want %v", names, want)
	}
}
