package services

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/scanners/aws/engine"
)

// credentials is what the credential report tells of one user.
type credentials struct {
	password          bool
	mfa               bool
	passwordIdleSince time.Time // zero without a password
	lastUsed          time.Time // of any of the credentials; zero: never
	activeKeys        []accessKey
	err               error // the user's line is malformed
}

type accessKey struct{ made, idleSince time.Time }

// reportWaits is how long to wait for AWS to make a credential report before
// asking again: half a minute in all, where a second or two is usual.
var reportWaits = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}

// rootUser is how the credential report calls the root user.
const rootUser = "<root_account>"

var errReport = errors.New("malformed credential report")

// credentialReport returns the account's credential report by users' ARNs,
// and the root user's line under rootUser. It is made and read once per account.
func credentialReport(ctx context.Context, p *engine.Place) (map[string]credentials, error) {
	home := p.Home()
	return engine.Once(home, "iam:GetCredentialReport", func() (map[string]credentials, error) {
		if err := makeReport(ctx, iamClient(home)); err != nil {
			return nil, err
		}
		out, err := iamClient(home).GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
		if err != nil {
			return nil, err
		}
		report, err := parseReport(out.Content)
		if err != nil {
			return nil, engine.Malformed("iam:GetCredentialReport", err)
		}
		return report, nil
	})
}

// makeReport has AWS make a report and waits until it is there.
func makeReport(ctx context.Context, client *iam.Client) error {
	for _, wait := range reportWaits {
		out, err := client.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return err
		}
		if out.State == types.ReportStateTypeComplete {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return engine.Malformed("iam:GenerateCredentialReport", ctx.Err())
		}
	}
	return engine.Malformed("iam:GenerateCredentialReport", context.DeadlineExceeded)
}

// reportColumns are those that are read. AWS adds further ones now and then.
var reportColumns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
}

func parseReport(content []byte) (map[string]credentials, error) {
	lines, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, errReport
	}
	header := lines[0]
	for _, column := range reportColumns {
		if !slices.Contains(header, column) {
			return nil, errReport
		}
	}
	report := map[string]credentials{}
	for _, line := range lines[1:] {
		values := map[string]string{}
		for i, column := range header {
			values[column] = line[i]
		}
		key := values["arn"]
		if values["user"] == rootUser {
			key = rootUser
		}
		report[key] = parseCredentials(values)
	}
	return report, nil
}

// parseCredentials reads one line.
func parseCredentials(values map[string]string) credentials {
	row := reportRow{values: values}
	made := row.time("user_creation_time")
	c := credentials{password: row.yes("password_enabled"), mfa: row.yes("mfa_active")}
	if used := row.time("password_last_used"); !used.IsZero() {
		c.lastUsed, c.passwordIdleSince = used, used
	} else {
		c.passwordIdleSince = later(made, row.time("password_last_changed"))
	}
	for _, key := range []string{"access_key_1_", "access_key_2_"} {
		rotated, used := row.time(key+"last_rotated"), row.time(key+"last_used_date")
		c.lastUsed = later(c.lastUsed, used)
		if row.yes(key + "active") {
			c.activeKeys = append(c.activeKeys, accessKey{later(made, rotated), later(later(made, rotated), used)})
		}
	}
	if row.malformed {
		return credentials{err: engine.Malformed("iam:GetCredentialReport", errReport)}
	}
	return c
}

// reportRow reads values of one line and notes when one is not understood.
type reportRow struct {
	values    map[string]string
	malformed bool
}

func (r *reportRow) yes(column string) bool {
	switch r.values[column] {
	case "true", "TRUE":
		return true
	case "false", "FALSE", "not_supported", "N/A":
		return false
	default:
		r.malformed = true
		return false
	}
}

// time returns zero where the report says that there is nothing to tell.
func (r *reportRow) time(column string) time.Time {
	switch text := r.values[column]; text {
	case "N/A", "no_information", "not_supported":
		return time.Time{}
	default:
		at, err := time.Parse(time.RFC3339, text)
		r.malformed = r.malformed || err != nil
		return at.UTC()
	}
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
