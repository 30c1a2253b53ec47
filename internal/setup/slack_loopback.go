//go:build posture_loopback

package setup

import (
	"os"

	"posture/internal/slack"
)

// slackOptions let tests of whole programs stand in for Slack. No program that
// is shipped is built with this file.
func slackOptions() slack.Options {
	return slack.Options{API: os.Getenv("POSTURE_TEST_SLACK"), Loopback: true}
}
