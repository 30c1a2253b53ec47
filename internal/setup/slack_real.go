//go:build !posture_loopback

package setup

import "posture/internal/slack"

// slackOptions are those of the real Slack.
func slackOptions() slack.Options { return slack.Options{} }
