package fixtest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"posture/internal/pythontest"
)

// call is a command of the AWS CLI, and where it runs.
type call struct {
	Service   string   `json:"service"`
	Arguments []string `json:"arguments"`
	Folder    string   `json:"folder"`
	Account   string   `json:"account"`
}

// answer is how a command ended.
type answer struct {
	Code int    `json:"code"`
	Out  string `json:"out"`
	Err  string `json:"err"`
}

// cli runs commands of the AWS CLI, several at once.
type cli struct{ idle chan process }

// process runs one command at a time.
type process struct {
	in  *json.Encoder
	out *json.Decoder
}

// startCLI starts as many processes as commands may run at once. They end with
// the test.
func startCLI(t *testing.T, processes int) cli {
	t.Helper()
	python, err := pythontest.Find("python", "POSTURE_PYTHON")
	if err != nil {
		t.Fatal(err)
	}
	c := cli{make(chan process, processes)}
	for range processes {
		command := exec.Command(python, "testdata/aws_cli.py")
		command.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=3",
			"AWS_DEFAULT_REGION=" + region, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=made-up",
		}
		command.Stderr = os.Stderr
		in, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { end(t, in, command) })
		c.idle <- process{json.NewEncoder(in), json.NewDecoder(out)}
	}
	return c
}

// end lets a process end by itself.
func end(t *testing.T, in io.Closer, command *exec.Cmd) {
	t.Helper()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

func (c cli) run(asked call) (answer, error) {
	p := <-c.idle
	defer func() { c.idle <- p }()
	if err := p.in.Encode(asked); err != nil {
		return answer{}, fmt.Errorf("ask the AWS CLI: %w", err)
	}
	var got answer
	if err := p.out.Decode(&got); err != nil {
		return answer{}, fmt.Errorf("read the AWS CLI's answer: %w", err)
	}
	return got, nil
}
