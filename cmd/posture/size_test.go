//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"posture/scanners/aws/awstest"
)

// volumes is how many volumes the large account has. Three rules judge each.
const volumes = 200_000

// volumePage writes one page of a thousand volumes; the token is where to go
// on. A third of them is not encrypted.
func volumePage(request awstest.Request) awstest.Answer {
	from, _ := strconv.Atoi(request.Params["nexttoken"]) // none: the first page
	var page strings.Builder
	page.WriteString("<volumeSet>")
	for i := from; i < min(from+1000, volumes); i++ {
		fmt.Fprintf(&page, `<item><volumeId>vol-%017x</volumeId><size>100</size><availabilityZone>us-east-1a</availabilityZone>
<status>in-use</status><createTime>2025-01-02T03:04:05.000Z</createTime><encrypted>%t</encrypted><volumeType>gp3</volumeType>
<attachmentSet><item><volumeId>vol-%017x</volumeId><instanceId>i-%017x</instanceId><device>/dev/sda1</device><status>attached</status></item></attachmentSet>
<tagSet><item><key>Name</key><value>data-%d</value></item><item><key>owner</key><value>team-%d</value></item></tagSet></item>`,
			i*7919, i%3 > 0, i*7919, i*104729, i, i%40)
	}
	page.WriteString("</volumeSet>")
	if from+1000 < volumes {
		fmt.Fprintf(&page, "<nextToken>%d</nextToken>", from+1000)
	}
	return awstest.Answer{Body: page.String()}
}

// largeAccount starts a cloud with one large account and returns the
// environment of a scan of it.
func largeAccount(tb testing.TB) []string {
	tb.Helper()
	estate, err := awstest.LoadFS(os.DirFS("../../scanners/aws/services/testdata"))
	if err != nil {
		tb.Fatal(err)
	}
	estate.Func("ec2:DescribeVolumes", volumePage)
	server, err := awstest.Start(awstest.New([]string{"us-east-1"}, map[string]*awstest.Estate{production: estate}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = server.Close() })
	home := tb.TempDir()
	return append(os.Environ(), "AWS_ENDPOINT_URL="+server.URL, "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIA"+production+"TEST", "AWS_SECRET_ACCESS_KEY=made-up-secret-key", "HOME="+home, "XDG_DATA_HOME="+home)
}

// usage is what a process took.
type usage struct {
	seconds float64 // of the processor
	peak    float64 // resident memory in MiB
}

// program builds posture as it is released.
func program(tb testing.TB) string {
	tb.Helper()
	built := filepath.Join(tb.TempDir(), "posture")
	if said, err := exec.Command("go", "build", "-trimpath", "-tags", "disable_grpc_modules,grpcnotrace", "-ldflags=-s -w", "-o", built, ".").CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, said)
	}
	return built
}

// scanWhole runs posture scan.
func scanWhole(tb testing.TB, program string, env []string, args ...string) usage {
	tb.Helper()
	cmd := exec.Command(program, append([]string{"scan", "aws", "--services", "ec2", "--quiet"}, args...)...)
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, io.Discard, &said
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != exitIncomplete { // the account lists nothing else
		tb.Fatalf("%v: %s", err, &said)
	}
	return usage{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), <-peak}
}

// watchPeak sends the most resident memory of a process in MiB once it has
// ended. What wait4 says of it is of no use: that is never less than what the
// process had that started it.
func watchPeak(pid int) <-chan float64 {
	peak := make(chan float64, 1)
	go func() {
		most := 0.0
		for ; ; time.Sleep(20 * time.Millisecond) {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, running := strings.Cut(string(status), "VmHWM:")
			if err != nil || !running {
				peak <- most / (1 << 10)
				return
			}
			var now float64 // in KiB
			_, _ = fmt.Sscan(after, &now)
			most = max(most, now)
		}
	}()
	return peak
}

// BenchmarkWholeScan scans an account of 200,000 volumes, three findings each,
// with the program itself: for the first time, and when nothing has changed. A
// scan is to stay under 35 seconds of the processor and 256 MiB.
func BenchmarkWholeScan(b *testing.B) {
	posture := program(b)
	for _, format := range []string{"table", "ndjson"} {
		b.Run(format, func(b *testing.B) {
			env := largeAccount(b)
			var first, second usage
			for b.Loop() {
				kept := b.TempDir()
				first = scanWhole(b, posture, env, "--store", kept, "--format", format)
				second = scanWhole(b, posture, env, "--store", kept, "--format", format)
			}
			b.ReportMetric(first.seconds, "first-cpu-s")
			b.ReportMetric(first.peak, "first-MiB")
			b.ReportMetric(second.seconds, "second-cpu-s")
			b.ReportMetric(second.peak, "second-MiB")
		})
	}
}
