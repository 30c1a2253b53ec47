package slack

import (
	"strings"
	"testing"

	"posture/internal/drift"
	"posture/internal/nasty"
)

// TestLink: a message links to what came with the resource, and to nothing
// that would not open as it is written.
func TestLink(t *testing.T) {
	for _, address := range []string{
		"https://console.aws.amazon.com/ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-1",
		"https://console.cloud.google.com/storage/browser/shop-logs?project=shop-prod",
		"https://portal.azure.com/#@/resource/subscriptions/1", "https://console.aws.amazon.com/!~",
		"https://console.aws.amazon.com/" + strings.Repeat("a", 2000-len("https://console.aws.amazon.com/")),
	} {
		if got := link(address); got != address {
			t.Errorf("%s became %q", address, got)
		}
	}
	for _, address := range []string{
		"", "http://console.aws.amazon.com/", "javascript:alert(1)", "https://", "https://user:pass@console.aws.amazon.com/", "//console.aws.amazon.com/",
		"https://console.aws.amazon.com/a|b", "https://console.aws.amazon.com/>x", "https://console.aws.amazon.com/ x", "https://console.aws.amazon.com/\u202ex",
		"https://console.aws.amazon.com/" + strings.Repeat("a", 2000),
	} {
		if got := link(address); got != "" {
			t.Errorf("%q became %q", address, got)
		}
	}
	for _, name := range nasty.Names() {
		row := resourceRows(drift.Alert{Resources: []drift.Resource{{Name: name.Text, Link: "https://console.aws.amazon.com/" + name.Text}}})[0]
		if strings.ContainsAny(row.url, "<>|\" \n") {
			t.Errorf("%q: links to %q", name.Text, row.url)
		}
	}
}
