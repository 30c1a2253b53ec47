package services

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// Change is what CloudTrail says of one change of a resource.
type Change struct {
	Event     string // the API's operation: "PutBucketPolicy"
	Time      time.Time
	Principal string // name of the role or user, or the service; "root" for the account itself
	Session   string // of a role: name of its session, often a person's e-mail address
}

// Changed asks for a change of a resource between two times.
type Changed struct {
	Account string
	Region  string // posture.Global for what has none
	ID      string // ARN
	After   time.Time
	Before  time.Time
}

// attributing returns the call that LastChange makes.
func attributing() []scanners.Call { return []scanners.Call{{Op: "cloudtrail:LookupEvents"}} }

// changesRead is how many of the latest events that name a resource are looked
// at: one page.
const changesRead = 50

// LastChange returns the latest event that CloudTrail recorded of the
// resource's account in that time, that changed something, succeeded and names
// the resource; nil when there is none. It makes one call
// (cloudtrail:LookupEvents), and not a second when that fails.
func LastChange(ctx context.Context, cfg aws.Config, of Changed) (*Change, error) {
	cfg = engine.Outside(cfg)
	if cfg.Region = of.Region; of.Region == posture.Global || of.Region == "" {
		cfg.Region = engine.HomeRegion(engine.PartitionOf(of.ID))
	}
	out, err := cloudtrail.NewFromConfig(cfg).LookupEvents(ctx, &cloudtrail.LookupEventsInput{
		StartTime: aws.Time(of.After), EndTime: aws.Time(of.Before), MaxResults: aws.Int32(changesRead),
		LookupAttributes: []types.LookupAttribute{{
			AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(nameInTrail(of.ID)),
		}},
	})
	if err != nil {
		return nil, engine.Refusal("look up who changed "+of.ID, err)
	}
	return latestChange(out.Events, of.Account), nil
}

func latestChange(events []types.Event, account string) *Change {
	var latest *Change
	for _, event := range events {
		change, ok := changeOf(event, account)
		if ok && (latest == nil || change.Time.After(latest.Time)) {
			latest = &change
		}
	}
	return latest
}

// wholeInTrail are the services whose resources CloudTrail calls by their
// ARNs. All others it calls by their names.
var wholeInTrail = map[string]bool{"elasticloadbalancing": true, "kms": true, "secretsmanager": true, "sns": true}

// nameInTrail returns what CloudTrail's events call a resource.
func nameInTrail(id string) string {
	parts := strings.SplitN(id, ":", 6)
	if len(parts) < 6 || wholeInTrail[parts[2]] {
		return id
	}
	rest := parts[5]
	if group, ok := strings.CutPrefix(rest, "log-group:"); ok {
		return strings.TrimSuffix(group, ":*")
	}
	return rest[strings.LastIndexAny(rest, ":/")+1:]
}

// trailEvent is what is read of an event's own document.
type trailEvent struct {
	ErrorCode    string `json:"errorCode"`
	Account      string `json:"recipientAccountId"`
	UserIdentity struct {
		Type           string `json:"type"`
		PrincipalID    string `json:"principalId"`
		UserName       string `json:"userName"`
		InvokedBy      string `json:"invokedBy"`
		SessionContext struct {
			SessionIssuer struct {
				UserName string `json:"userName"`
			} `json:"sessionIssuer"`
		} `json:"sessionContext"`
	} `json:"userIdentity"`
}

// changeOf returns what an event says, or false for one that changed nothing,
// failed, cannot be understood, or is another account's.
func changeOf(event types.Event, account string) (Change, bool) {
	var doc trailEvent
	err := json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &doc)
	if err != nil || aws.ToString(event.ReadOnly) != "false" || doc.ErrorCode != "" || doc.Account != account || event.EventTime == nil {
		return Change{}, false
	}
	change := Change{Event: aws.ToString(event.EventName), Time: event.EventTime.UTC()}
	change.Principal, change.Session = doc.principal()
	return change, true
}

// principal returns who acted: the name of a role and of its session, or of a
// user.
func (e trailEvent) principal() (name, session string) {
	who := e.UserIdentity
	issuer := who.SessionContext.SessionIssuer.UserName
	switch {
	case who.Type == "Root":
		return "root", ""
	case issuer != "":
		_, session, _ = strings.Cut(who.PrincipalID, ":")
		return issuer, session
	case who.UserName != "":
		return who.UserName, ""
	case who.InvokedBy != "":
		return who.InvokedBy, ""
	default:
		return who.Type, ""
	}
}
