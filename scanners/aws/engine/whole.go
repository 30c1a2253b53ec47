package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"posture/internal/posture"
)

// largestAnswer is how many bytes an answer may have. The largest that AWS
// gives, a page of a listing, is far smaller.
const largestAnswer = 16 << 20

var (
	errEmptyAnswer   = errors.New("the answer has no body")
	errForeignAnswer = errors.New("the answer is not the service's")
)

var errLargeAnswer error = &posture.ReasonError{Reason: posture.TooMuch, Code: "bytes", Text: "the answer is larger than any of the service's"}

// checkAnswers adds to a client's middleware what refuses successful answers
// that the SDK would take for a document in which nothing is set: those
// without a body, the pages of a proxy, whatever has neither the root nor a
// member that the operation's answers have, and what says nothing.
func checkAnswers(stack *middleware.Stack) error {
	err := stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("posture.answer", checkAnswer), middleware.After)
	return errors.Join(err, stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("posture.members", checkMembers), middleware.Before))
}

// membersKey is the context's key for the members that an answer has.
type membersKey struct{}

// checkMembers refuses a JSON object when the operation's output knows no
// member, and an output that lacks what it cannot be without.
func checkMembers(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	var members []string
	out, metadata, err := next.HandleDeserialize(context.WithValue(ctx, membersKey{}, &members), in)
	switch {
	case err != nil:
		return out, metadata, err
	case len(members) > 0 && !knows(out.Result, members):
		return out, metadata, errForeignAnswer
	}
	return out, metadata, checkTells(operationOf(ctx), out.Result, members)
}

// operationOf returns the operation that a middleware is called for.
func operationOf(ctx context.Context) string {
	return prefix(awsmiddleware.GetServiceID(ctx)) + ":" + awsmiddleware.GetOperationName(ctx)
}

// knows reports whether the output has any of the members. An output that the
// SDK takes from the whole body has them all. API Gateway calls its lists "item".
func knows(output any, members []string) bool {
	t := reflect.TypeOf(output)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return true
	}
	for field := range t.Elem().Fields() {
		if slices.ContainsFunc(members, func(m string) bool { return strings.EqualFold(m, field.Name) || m == "item" && field.Name == "Items" }) {
			return true
		}
	}
	return false
}

// checkAnswer looks at the body of a successful answer and leaves it as it was.
func checkAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok {
		return out, metadata, err
	}
	body, err := readBody(response)
	if err != nil {
		return out, metadata, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return out, metadata, nil
	}
	members, err := checkBody(operationOf(ctx), response.Header, body)
	if found, ok := ctx.Value(membersKey{}).(*[]string); ok {
		*found = members
	}
	return out, metadata, err
}

// readBody reads a body to its end, unless it says that it is too large, and closes it.
func readBody(response *smithyhttp.Response) ([]byte, error) {
	defer response.Body.Close()
	if response.ContentLength > largestAnswer {
		return nil, errLargeAnswer
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(text) > largestAnswer:
		return nil, errLargeAnswer
	}
	return text, nil
}

// checkBody refuses a body that cannot be the operation's answer. Of a JSON
// object it returns the names of the members. What kind of text the answer
// calls itself does not count: emulators call all of it HTML.
func checkBody(operation string, header http.Header, body []byte) ([]string, error) {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return nil, errEmptyAnswer
	case header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return nil, nil
	case text[0] == '<':
		return nil, checkRoot(operation, text)
	case wholeBody[operation]:
		return nil, nil
	default:
		return membersOf(text)
	}
}

// wholeBody holds the operations whose answers are a document of the user's.
var wholeBody = map[string]bool{"s3:GetBucketPolicy": true}

// membersOf returns the names of the members of a JSON object that are not null.
func membersOf(text []byte) ([]string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return nil, errForeignAnswer
	}
	var members []string
	for name, value := range object {
		if string(value) != "null" {
			members = append(members, name)
		}
	}
	return members, nil
}

// roots holds the root elements of the answers of S3 and CloudFront. All other
// services name theirs after the operation.
var roots = map[string]string{
	"cloudfront:ListDistributions":        "DistributionList",
	"cloudfront:ListOriginAccessControls": "OriginAccessControlList",
	"cloudfront:GetDistributionConfig":    "DistributionConfig",
	"cloudfront:ListTagsForResource":      "Tags",
	"s3:ListBuckets":                      "ListAllMyBucketsResult",
	"s3:GetBucketAcl":                     "AccessControlPolicy",
	"s3:GetBucketEncryption":              "ServerSideEncryptionConfiguration",
	"s3:GetBucketLifecycleConfiguration":  "LifecycleConfiguration",
	"s3:GetBucketLogging":                 "BucketLoggingStatus",
	"s3:GetBucketOwnershipControls":       "OwnershipControls",
	"s3:GetBucketPolicyStatus":            "PolicyStatus",
	"s3:GetBucketReplication":             "ReplicationConfiguration",
	"s3:GetBucketTagging":                 "Tagging",
	"s3:GetBucketVersioning":              "VersioningConfiguration",
	"s3:GetObjectLockConfiguration":       "ObjectLockConfiguration",
	"s3:GetPublicAccessBlock":             "PublicAccessBlockConfiguration",
	"s3control:GetPublicAccessBlock":      "PublicAccessBlockConfiguration",
}

// checkRoot refuses XML whose root is not that of the operation's answers.
func checkRoot(operation string, text []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if err != nil {
			return errForeignAnswer
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		_, name, _ := strings.Cut(operation, ":")
		if root := start.Name.Local; root == roots[operation] || root == name+"Response" || root == name+"Result" {
			return nil
		}
		return errForeignAnswer
	}
}
