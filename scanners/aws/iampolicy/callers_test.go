package iampolicy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCalledBy(t *testing.T) {
	doc, err := Parse(`{"Statement": [
		{"Effect": "Allow", "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, "Action": "lambda:InvokeFunction", "Resource": "*"},
		{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com", "AWS": "111122223333"}, "Action": "lambda:InvokeFunction", "Resource": "*"},
		{"Effect": "Deny", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": "*"},
		{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"events.amazonaws.com", "sns.amazonaws.com"}, doc.CalledBy()); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
}
