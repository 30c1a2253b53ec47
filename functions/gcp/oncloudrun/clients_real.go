//go:build !posture_loopback

package oncloudrun

import "google.golang.org/api/option"

// The options of the clients of the real Google Cloud: none.
func storeOptions() []option.ClientOption     { return nil }
func inventoryOptions() []option.ClientOption { return nil }
func restOptions() []option.ClientOption      { return nil }
func secretOptions() []option.ClientOption    { return nil }
