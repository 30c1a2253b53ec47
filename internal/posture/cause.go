package posture

// Reason says in a few words why something was not read.
type Reason string

// The reasons, a closed set. Reasons lists them.
const (
	Denied        Reason = "denied"          // the provider refused the call; a permission may help
	Throttled     Reason = "throttled"       // still throttled after the last retry
	TimedOut      Reason = "timeout"         // no answer in time
	OutOfTime     Reason = "out of time"     // the scan's time was up before it was read
	Unreachable   Reason = "unreachable"     // the network let no answer through
	Failed        Reason = "error"           // the provider answered with any other error
	Malformed     Reason = "malformed"       // an answer came that is not the call's, or is cut
	NotAnswered   Reason = "not in answer"   // the answer came and lacks the field
	NotUnderstood Reason = "not understood"  // the answer says something that this program does not know
	TooMuch       Reason = "too much"        // there is more than is read
	NotFound      Reason = "not found"       // a whole answer does not hold what another one names
	NotListed     Reason = "not listed"      // the listing that would have shown it was incomplete
	NotRequested  Reason = "not requested"   // no enabled rule asked for it, so it was not read
	RuleStopped   Reason = "rule stopped"    // the rule could not be evaluated
	Damaged       Reason = "damaged"         // what an earlier step stored is missing or was altered
	Unopened      Reason = "not opened"      // nothing of the target could be read, and the error has no reason of its own
	Mistake       Reason = "mistake"         // this program went wrong
	OtherAccount  Reason = "other account"   // the credentials are those of another account, or it belongs to one
	RegionOff     Reason = "region off"      // the region is not enabled in the account
	NotUsed       Reason = "not used"        // the service that would tell is switched off or keeps it elsewhere
	NoCredentials Reason = "no credentials"  // there are none, or they have run out
	APIDisabled   Reason = "API not enabled" // Google: in the project whose quota pays for the calls
	NoLicence     Reason = "no licence"      // Azure: the tenant lacks the licence that shows it
	NotRegistered Reason = "not registered"  // Azure: the resource provider is not registered in the subscription
	Disabled      Reason = "disabled"        // Azure: the subscription is disabled
	ProjectUnfit  Reason = "project unfit"   // Google: that project is deleted, suspended, without billing or not ours
)

// The refusals by a policy for which granting a permission does not help.
const (
	DeniedBySCP       Reason = "denied by service control policy"
	DeniedByRCP       Reason = "denied by resource control policy"
	DeniedByBoundary  Reason = "denied by permissions boundary"
	DeniedBySession   Reason = "denied by session policy"
	DeniedByEndpoint  Reason = "denied by VPC endpoint policy"
	DeniedByResource  Reason = "denied by resource policy"
	DeniedByTrust     Reason = "denied by trust policy"
	DeniedByOwnDeny   Reason = "denied by identity policy" // a deny in it, not the lack of an allow
	DeniedByOrgRule   Reason = "denied by organization policy"
	DeniedByPerimeter Reason = "denied by VPC Service Controls"
)

// meaning is a reason in words, and what is to be done about it.
type meaning struct {
	reason Reason
	words  string // as they read after the name of a call
	advice string // "" where the words say it
}

// meanings holds one line for each reason.
var meanings = []meaning{ //nolint:gochecknoglobals // constant
	{Denied, "access denied", ""},
	{Throttled, "throttled", ""},
	{TimedOut, "timed out", ""},
	{OutOfTime, "the scan ran out of time", ""},
	{Unreachable, "could not be reached", "the network, a proxy or a name server is in the way"},
	{Failed, "answered with an error", ""},
	{Malformed, "the answer cannot be read", ""},
	{NotAnswered, "not in the answer", ""},
	{NotUnderstood, "the answer is not understood", ""},
	{TooMuch, "more than posture reads", ""},
	{NotFound, "not there", ""},
	{NotListed, "not listed", ""},
	{NotRequested, "not requested", ""},
	{RuleStopped, "the rule could not be evaluated", ""},
	{Damaged, "what was stored is missing or altered", "run posture verify"},
	{Unopened, "nothing of it could be read", "posture doctor says why"},
	{Mistake, "posture made a mistake", "please report it"},
	{OtherAccount, "it belongs to another account", ""},
	{RegionOff, "the region is not enabled in the account", ""},
	{NotUsed, "it is switched off or kept elsewhere", ""},
	{NoCredentials, "the credentials are missing or not accepted", "sign in again"},
	{APIDisabled, "the API is not enabled", "enable it in the project that posture's calls are counted against"},
	{NoLicence, "the tenant has no licence that shows it", "Microsoft Entra ID P1 or P2 does"},
	{NotRegistered, "the resource provider is not registered in the subscription", "az provider register does that; where nothing of it is used, accept the cause"},
	{Disabled, "the subscription is disabled", "enable it again, or leave it out with exclude"},
	{ProjectUnfit, "the quota project cannot be used", "choose another one, or fix its billing or suspension"},

	{DeniedBySCP, "access denied by a service control policy", "granting does not help, an administrator of the AWS organization has to change it"},
	{DeniedByRCP, "access denied by a resource control policy", "granting does not help, an administrator of the AWS organization has to change it"},
	{DeniedByBoundary, "access denied by the permissions boundary of the scanner's role", "who set the boundary has to allow the call in it"},
	{DeniedBySession, "access denied by the session policy of the scanner's credentials", "who hands out the credentials has to allow the call in it"},
	{DeniedByEndpoint, "access denied by the policy of a VPC endpoint", "who runs the network has to allow the call in it"},
	{DeniedByResource, "access denied by the resource's own policy", "granting does not help, its owner has to let the scanner in"},
	{DeniedByTrust, "access denied by the role's trust policy", "the role has to trust the scanner, compare external_id too"},
	{DeniedByOwnDeny, "access denied by a deny in a policy of the scanner's role", "granting does not help, the call has to be taken out of the deny"},
	{DeniedByOrgRule, "access denied by an organization policy", "granting does not help, an administrator of the Google organization has to change it"},
	{DeniedByPerimeter, "access denied by VPC Service Controls", "granting does not help, who runs the perimeter has to let the scanner in"},
}

// Reasons returns all reasons.
func Reasons() []Reason {
	reasons := make([]Reason, 0, len(meanings))
	for _, m := range meanings {
		reasons = append(reasons, m.reason)
	}
	return reasons
}

// meaning returns the reason in words. One of a later version of this program
// says itself.
func (r Reason) meaning() meaning {
	for _, m := range meanings {
		if m.reason == r {
			return m
		}
	}
	return meaning{reason: r, words: string(r)}
}

// Refused reports whether somebody's policy refused the call.
func (r Reason) Refused() bool {
	switch r {
	case Denied, DeniedBySCP, DeniedByRCP, DeniedByBoundary, DeniedBySession, DeniedByEndpoint,
		DeniedByResource, DeniedByTrust, DeniedByOwnDeny, DeniedByOrgRule, DeniedByPerimeter,
		NoCredentials, APIDisabled, NoLicence, NotRegistered, Disabled, ProjectUnfit:
		return true
	}
	return false
}

// Cause says why something was not read. It never holds an error's text,
// which may quote secrets or names that strangers chose: only the operation
// and the API's error code. Two of the same kind are equal, however often they
// occur.
type Cause struct {
	Reason     Reason `json:"reason"`
	Operation  string `json:"operation,omitempty"`  // "s3:GetBucketVersioning"
	Code       string `json:"code,omitempty"`       // the API's error code, "AccessDenied", or what else is known of the reason
	Permission string `json:"permission,omitempty"` // what to grant, when Reason is Denied
	Field      string `json:"field,omitempty"`      // what the answer lacks, when Reason is NotAnswered
}

// String returns the cause in a few words for people: the call, what became of
// it, and what to do. The code is left out where a permission says it all.
func (c Cause) String() string {
	means := c.Reason.meaning()
	text := means.words
	if c.Field != "" {
		text = c.Field + " was " + text
	}
	if c.Operation != "" {
		text = c.Operation + ": " + text
	}
	if c.Permission != "" {
		return text + "; grant " + c.Permission
	}
	if c.Code != "" {
		text += " (" + c.Code + ")"
	}
	if means.advice != "" {
		text += "; " + means.advice
	}
	return text
}

// String returns the field and why it was not read.
func (u Unread) String() string {
	if u.Field == "" || u.Field == u.Cause.Field {
		return u.Cause.String()
	}
	return u.Field + ": " + u.Cause.String()
}

// Saying is what the provider wrote about a cause: cut, on one line, without
// secrets. It is for people, and is compared with nothing.
type Saying struct {
	Cause Cause  `json:"cause"`
	Text  string `json:"text"`
}

// ReadError is an error whose cause is known in the words of this
// package, such as a role that could not be assumed.
type ReadError struct {
	Cause Cause
	Err   error
	Said  string // what the provider wrote, as in a Saying; "" for nothing
}

// Error returns the text of the error itself.
func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *ReadError) Unwrap() error { return e.Err }

// ReasonError is an error that knows the reason, but not the call.
type ReasonError struct {
	Reason Reason
	Code   string // what is known of it beside; "" for nothing
	Text   string
}

// Error returns the text.
func (e *ReasonError) Error() string { return e.Text }
