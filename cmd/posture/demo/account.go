package demo

import (
	_ "embed" // for the sample account
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rogpeppe/go-internal/txtar"

	"posture/scanners/aws/awstest"
)

// The sample account.
const (
	accountID    = "111122223333"
	homeRegion   = "us-east-1"
	secondRegion = "eu-west-1"
)

//go:embed account.txtar
var accountText string

//go:embed account_change.txtar
var accountChangeText string

//go:embed credentials.csv
var credentialsText string

// account is the sample account while it is served.
type account struct {
	estate *awstest.Estate
	server *awstest.Server
	now    time.Time
}

// serveAccount serves the sample account on the loopback interface.
func serveAccount(now time.Time) (*account, error) {
	estate, err := awstest.Load([]byte(dated(accountText, now)))
	if err != nil {
		return nil, fmt.Errorf("load the sample account: %w", err)
	}
	report := base64.StdEncoding.EncodeToString([]byte(dated(credentialsText, now)))
	section := "<ReportFormat>text/csv</ReportFormat><Content>" + report + "</Content>"
	if err := estate.Set("iam:GetCredentialReport region="+homeRegion, section); err != nil {
		return nil, fmt.Errorf("load the sample account: %w", err)
	}
	cloud := awstest.New([]string{homeRegion, secondRegion}, map[string]*awstest.Estate{accountID: estate})
	cloud.Quiet(homeRegion, secondRegion)
	server, err := awstest.Start(cloud)
	if err != nil {
		return nil, fmt.Errorf("serve the sample account: %w", err)
	}
	return &account{estate: estate, server: server, now: now}, nil
}

// config returns a configuration whose clients read the sample account.
func (a *account) config() aws.Config { return a.server.Config(accountID) }

// change does what happens in the account between the two scans, and returns
// it in words.
func (a *account) change() ([]string, error) {
	text := []byte(dated(accountChangeText, a.now))
	if err := a.estate.Add(text); err != nil {
		return nil, fmt.Errorf("change the sample account: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(txtar.Parse(text).Comment)), "\n"), nil
}

// day is how the samples name a time: {-30d}, or {-30d unix} where a
// number is wanted.
var day = regexp.MustCompile(`\{-(\d+)d( unix)?\}`)

// dated puts times before now in place of their names.
func dated(text string, now time.Time) string {
	return day.ReplaceAllStringFunc(text, func(name string) string {
		parts := day.FindStringSubmatch(name)
		days, _ := strconv.Atoi(parts[1]) // digits
		when := now.UTC().AddDate(0, 0, -days).Truncate(time.Second)
		if parts[2] != "" {
			return strconv.FormatInt(when.Unix(), 10)
		}
		return when.Format("2006-01-02T15:04:05+00:00")
	})
}
