package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

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
	return out, metadata, checkBody(response)
}

// checkBody looks how the body begins and leaves it as it was. What kind of
// text the answer calls itself does not count: emulators call all of it HTML.
func checkBody(response *smithyhttp.Response) error {
	body := bufio.NewReader(response.Body)
	start, err := body.Peek(64)
	if len(start) == 0 && errors.Is(err, io.EOF) {
		return errEmptyAnswer
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if isPage(start) {
		return errPageAnswer
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{body, response.Body}
	return nil
}

// isPage reports whether a body that begins so is an HTML page.
func isPage(start []byte) bool {
	start = bytes.ToLower(bytes.TrimSpace(start))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
