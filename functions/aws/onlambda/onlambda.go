// Package onlambda is the adapter between the steps of a run and AWS Lambda:
// the store and the secret that the environment names, events and answers as
// JSON, metrics and logs as CloudWatch takes them. The clouds are given to it,
// so that a function links none but those that it reads. Begin with Start.
package onlambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"posture/internal/cloud"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/internal/store/s3store"
)

// storeVariable names the store: s3://bucket/prefix.
const storeVariable = "POSTURE_STORE"

// Function is one Lambda function.
type Function struct {
	Name     string // for the logs: "publish"
	Step     steps.Step
	Scope    string // of the runs that it plans, and that it expects where POSTURE_SCOPES does not say; "": aws
	Notifies bool   // it tells people by Slack
	HandsOut bool   // it stores the targets of a run for the state machine to hand out

	// Clouds returns the clouds that it reads. Nil: none.
	Clouds func(context.Context, Site) ([]cloud.Cloud, error)
}

// Site is what a function finds of its installation.
type Site struct {
	AWS    aws.Config
	Store  store.Store
	Secret func(name string) slack.Secret // reads a secret of Secrets Manager
}

// Start serves the function until Lambda ends the process.
func Start(f Function) {
	if limit := memoryLimit(os.Getenv); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	lambda.Start(f.handle)
}

// memoryLimit returns from how many bytes on Go collects garbage harder: nine tenths
// of the function's memory, as Lambda ends a process that takes more than all of it;
// 0 where that is not known or GOMEMLIMIT says it.
func memoryLimit(getenv func(string) string) int64 {
	megabytes, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err != nil || getenv("GOMEMLIMIT") != "" {
		return 0
	}
	return megabytes << 20 / 10 * 9
}

// handle does one call. That time ran out is no error here: the state machine
// goes by the answer and calls again.
func (f Function) handle(ctx context.Context, e steps.Event) (steps.Answer, error) {
	i, err := f.installation(ctx)
	if err != nil {
		return steps.Answer{}, err
	}
	said, err := i.Do(ctx, f.Step, e)
	if errors.Is(err, steps.ErrLeft) {
		err = nil
	}
	for _, metrics := range said.Metrics {
		err = errors.Join(err, writeMetrics(os.Stdout, time.Now(), metrics))
	}
	f.log(said, err)
	return said, err
}

// installation finds what the environment names.
func (f Function) installation(ctx context.Context) (steps.Installation, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return steps.Installation{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || url.Scheme != store.SchemeS3 {
		return steps.Installation{}, fmt.Errorf("%s: expected s3://bucket/prefix", storeVariable)
	}
	i := steps.Installation{Store: openStore(cfg, url), Scope: f.scope()}
	if f.HandsOut {
		i.Locate = func(key string) steps.Object {
			return steps.Object{Bucket: url.Bucket, Key: path.Join(url.Prefix, key)}
		}
	}
	secrets := func(name string) slack.Secret { return secret(cfg, name) }
	if f.Notifies {
		i.Secret = secrets
	}
	if f.Clouds != nil {
		i.Clouds, err = f.Clouds(ctx, Site{AWS: cfg, Store: i.Store, Secret: secrets})
	}
	return i, err
}

func (f Function) scope() string {
	if f.Scope == "" {
		return "aws"
	}
	return f.Scope
}

func openStore(cfg aws.Config, url store.URL) store.Store {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = cfg.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a line per object that has none
	})
	return s3store.New(client, url.Bucket, url.Prefix)
}

// secret reads the secret of a name from Secrets Manager
// (secretsmanager:GetSecretValue).
func secret(cfg aws.Config, name string) slack.Secret {
	return setup.CachedSecret(func(ctx context.Context) (string, error) {
		out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	})
}

// log writes what came of a call as a JSON line. No attribute holds a secret.
func (f Function) log(said steps.Answer, err error) {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	for _, warning := range said.Warnings {
		logger.Warn("the configuration", "run", said.Run, "warning", warning)
	}
	if err != nil {
		logger.Error(f.Name, "answer", said, "error", err.Error())
		return
	}
	logger.Info(f.Name, "answer", said)
}
