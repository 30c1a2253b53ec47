package posture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"posture/internal/posture"
)

// declaredReasons returns the constants of type Reason in the source.
func declaredReasons(t *testing.T) map[posture.Reason]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "cause.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[posture.Reason]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if kind, named := specType(spec, ok); named && kind == "Reason" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons[posture.Reason(text)] = spec.Names[0].Name
		}
		return true
	})
	return reasons
}

func specType(spec *ast.ValueSpec, ok bool) (string, bool) {
	if !ok || spec.Type == nil {
		return "", false
	}
	kind, named := spec.Type.(*ast.Ident)
	if !named {
		return "", false
	}
	return kind.Name, true
}

// TestEveryReasonHasItsSentence holds that each reason is in the closed set
// once, says in plain words what became of the call, and is explained to who is
// on call.
func TestEveryReasonHasItsSentence(t *testing.T) {
	manual, err := os.ReadFile("../../docs/on-call.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, sentences := map[posture.Reason]int{}, map[string]posture.Reason{}
	for _, reason := range posture.Reasons() {
		listed[reason]++
		alone := posture.Cause{Reason: reason}.String()
		words, _, _ := strings.Cut(alone, ";")
		if alone == "error" || !strings.Contains(words, " ") && reason != posture.Throttled {
			t.Errorf("%s says %q", reason, alone)
		}
		if first, twice := sentences[alone]; twice {
			t.Errorf("%s and %s say the same: %q", first, reason, alone)
		}
		sentences[alone] = reason
		if !strings.Contains(string(manual), words) {
			t.Errorf("docs/on-call.md does not explain %q", words)
		}
	}
	for reason, name := range declaredReasons(t) {
		if listed[reason] != 1 {
			t.Errorf("%s is %d times among the reasons", name, listed[reason])
		}
	}
}

func TestCauseString(t *testing.T) {
	for want, cause := range map[string]posture.Cause{
		"s3:GetAcl: access denied; grant s3:GetBucketAcl": {
			Reason: posture.Denied, Operation: "s3:GetAcl", Code: "AccessDenied", Permission: "s3:GetBucketAcl"},
		"rds:DescribeDBInstances: ca_expires was not in the answer": {
			Reason: posture.NotAnswered, Operation: "rds:DescribeDBInstances", Field: "ca_expires"},
		"ec2:DescribeVpcs: access denied by a service control policy (UnauthorizedOperation); granting does not help, an administrator of the AWS organization has to change it": {
			Reason: posture.DeniedBySCP, Operation: "ec2:DescribeVpcs", Code: "UnauthorizedOperation"},
		"kms:ListKeys: answered with an error (InternalFailure)": {Reason: posture.Failed, Operation: "kms:ListKeys", Code: "InternalFailure"},
		"a word of a later version (X)":                          {Reason: "a word of a later version", Code: "X"},
	} {
		if got := cause.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestUnreadNamesAFieldOnce(t *testing.T) {
	lacking := posture.Cause{Reason: posture.NotAnswered, Operation: "sqs:GetQueueAttributes", Field: "policy"}
	for want, unread := range map[string]posture.Unread{
		"sqs:GetQueueAttributes: policy was not in the answer": {Field: "policy", Cause: lacking},
		"tags: throttled": {Field: "tags", Cause: posture.Cause{Reason: posture.Throttled}},
		"not listed":      {Cause: posture.Cause{Reason: posture.NotListed}},
	} {
		if got := unread.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
