package cloudtest

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"
)

// WatchHeap notes how many bytes of objects the heap holds at most until it is
// stopped.
func WatchHeap() (stop func() uint64) {
	runtime.GC()
	ended := make(chan struct{})
	var watching sync.WaitGroup
	var most uint64
	watching.Go(func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	return func() uint64 {
		close(ended)
		watching.Wait()
		return most
	}
}

// ResidentMiB returns the most memory that the process ever had, 0 where the system
// does not say.
func ResidentMiB() (size int) {
	text, _ := os.ReadFile("/proc/self/status")
	if _, after, found := strings.Cut(string(text), "VmHWM:"); found {
		_, _ = fmt.Sscan(after, &size)
	}
	return size >> 10
}
