package aws

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var (
	errEmptyAnswer = errors.New("the answer has no body")
	errPageAnswer  = errors.New("the answer is a page for people")
)

// checkAnswer refuses successful answers that the SDK would take for a
// document in which nothing is set: those without a body, and the pages of
// a proxy. No read of AWS is answered so.
func checkAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode < 200 || response.StatusCode > 299 {
		return out, metadata, err
	}
	if media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err == nil && media == "text/html" {
		return out, metadata, errPageAnswer
	}
	return out, metadata, checkBody(response)
}

// checkBody looks whether there is a body and leaves it as it was.
func checkBody(response *smithyhttp.Response) error {
	body := bufio.NewReader(response.Body)
	_, err := body.Peek(1)
	if errors.Is(err, io.EOF) {
		return errEmptyAnswer
	}
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{body, response.Body}
	return nil
}
