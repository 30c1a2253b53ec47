package steps

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"strings"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/store"
	"posture/rules"
)

// The environment of a function.
const (
	// SecretVariable holds the name of Slack's secret; where there is none, the
	// configuration may name it.
	SecretVariable = "POSTURE_SLACK_SECRET" //nolint:gosec // the variable's name; it holds the secret's name
	// scopesVariable holds the scopes whose runs are expected, with spaces
	// between; without it they are those of the function.
	scopesVariable = "POSTURE_SCOPES"
)

// Installation is what a platform gives its functions to work with.
type Installation struct {
	Store  store.Store
	Scope  string                    // of the runs that its functions plan: "aws"
	Clouds []cloud.Cloud             // that the function reads; it links no others
	Secret func(string) slack.Secret // reads a secret by its name; nil: the function tells nobody
	Locate func(key string) Object   // names an object to an orchestrator; nil: it hands out no targets
	Close  func()                    // gives back what the store holds; nil: nothing
}

// Site is what one call of a function works with. Nothing of it is kept for the
// next one.
type Site struct {
	*audit.Auditor
	Scope  string
	Locate func(key string) Object
}

// Do does a step, unless the event lacks what it needs: with the configuration and the rules in the store, and what
// the environment says.
func (i Installation) Do(ctx context.Context, step Step, e Event) (Answer, error) {
	if i.Close != nil {
		defer i.Close()
	}
	if step.Check != nil {
		if err := step.Check(e); err != nil {
			return Answer{}, err
		}
	}
	s, done, err := i.open(ctx)
	if err != nil {
		return Answer{}, err
	}
	defer done()
	return step.Do(ctx, s, e)
}

// open wires the auditor of one call.
func (i Installation) open(ctx context.Context) (*Site, func(), error) {
	settings, err := setup.StoredConfig(ctx, i.Store)
	if err != nil {
		return nil, nil, err
	}
	own, err := setup.StoredRules(ctx, i.Store)
	if err != nil {
		return nil, nil, err
	}
	settings, unknown := setup.Known(settings, append(rules.Files(), own...))
	opened, done, err := i.openClouds(ctx, settings, own)
	if err != nil {
		return nil, nil, err
	}
	a := &audit.Auditor{
		Store: i.Store, Config: settings, Clouds: opened,
		Now: time.Now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		RunLink: setup.RunLink(i.Store, settings.Slack.BaseURL), Warnings: setup.Warnings(unknown...), Expected: strings.Fields(cmp.Or(os.Getenv(scopesVariable), i.Scope)),
	}
	if err := i.notify(ctx, a); err != nil {
		done()
		return nil, nil, err
	}
	return &Site{Auditor: a, Scope: i.Scope, Locate: i.Locate}, done, nil
}

// notify lets the auditor tell people, when there is a secret for it.
func (i Installation) notify(ctx context.Context, a *audit.Auditor) error {
	name := cmp.Or(os.Getenv(SecretVariable), a.Config.Slack.Secret)
	if i.Secret == nil || name == "" {
		return nil
	}
	return setup.Notify(ctx, a, i.Secret(name))
}

// openClouds opens the clouds. Of the environment they see what is posture's
// own: what else there is belongs to the platform.
func (i Installation) openClouds(ctx context.Context, settings config.Config, own []fs.FS) (map[posture.Provider]audit.Cloud, func(), error) {
	opened := map[posture.Provider]audit.Cloud{}
	done := func() {
		for _, c := range opened {
			c.Release()
		}
	}
	for _, c := range i.Clouds {
		made, err := c.Open(ctx, cloud.Options{Config: settings, Rules: own, Getenv: getenv, Now: time.Now})
		if err != nil {
			done()
			return nil, nil, err
		}
		opened[c.Provider()] = made
	}
	return opened, done, nil
}

func getenv(name string) string {
	if strings.HasPrefix(name, "POSTURE_") {
		return os.Getenv(name)
	}
	return ""
}
