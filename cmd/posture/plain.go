package main

import (
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

// plain returns an error's text with what the SDK of AWS says in it put
// shortly: which operation failed with which code, or why there was no
// answer. The API's own words are left out: they may quote the request.
func plain(err error) string {
	text := err.Error()
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return text
	}
	short := operation.ServiceID + " " + operation.OperationName
	var answered smithy.APIError
	var unanswered *net.OpError
	switch {
	case errors.As(operation, &answered):
		short += ": " + answered.ErrorCode() + hint(answered.ErrorCode())
	case errors.As(operation, &unanswered):
		short += " got no answer: " + unanswered.Error()
	default:
		return text
	}
	return strings.Replace(text, operation.Error(), short, 1)
}

// hint says what to do about an error code, where that is known.
func hint(code string) string {
	switch code {
	case "AccessDenied":
		return " (your credentials lack the permission)"
	case "ExpiredToken", "ExpiredTokenException":
		return " (your AWS session has expired; run: aws sso login)"
	case "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch":
		return " (your credentials are not valid)"
	default:
		return ""
	}
}
